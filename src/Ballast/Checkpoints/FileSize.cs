namespace Ballast.Checkpoints;

/// <summary>The size of what would be read: behind a link, as the hub's cache is made of, that of its target, where FileInfo tells the link's own.</summary>
internal static class FileSize
{
    /// <summary>Bytes.</summary>
    /// <exception cref="IOException">The file is absent or cannot be opened.</exception>
    public static long Of(string path)
    {
        using var handle = File.OpenHandle(path);
        return RandomAccess.GetLength(handle);
    }
}
