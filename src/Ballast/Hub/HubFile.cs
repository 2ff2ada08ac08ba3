namespace Ballast.Hub;

/// <summary>One file of a repository.</summary>
/// <param name="Name">Path inside the repository.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Checksum">What its contents hash to: SHA-256 of a large file, git's SHA-1 of a small one; in lower-case hexadecimal.</param>
internal sealed record HubFile(string Name, long Size, string Checksum)
{
    /// <summary>Whether the checksum is the SHA-256 of the contents; else it is git's.</summary>
    public bool IsLarge => Checksum.Length == 64;
}
