namespace Ballast.Hub;

/// <summary>How far a download is.</summary>
/// <param name="Repository">What is fetched.</param>
/// <param name="File">The file on its way.</param>
/// <param name="Done">Bytes that are there, over all files of this piece of work.</param>
/// <param name="Total">Bytes in all.</param>
public readonly record struct HubProgress(string Repository, string File, long Done, long Total);
