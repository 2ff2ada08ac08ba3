namespace Ballast.Checkpoints;

/// <summary>Turns a failed write into one clear line.</summary>
internal static class WriteFault
{
    private const int TooLarge = 27;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int Unspecified = unchecked((int)0x80131620);

    /// <summary>What the user reads when a file could not be written.</summary>
    /// <param name="path">The file or folder; one inside of a folder that is being filled is named by the place it was meant for.</param>
    /// <param name="fault">What the system said.</param>
    /// <param name="bytes">Bytes that the file takes, where that is known.</param>
    public static RunException Explain(string path, Exception fault, long? bytes = null)
    {
        string reason = IsFull(fault) ? Full(path, bytes)
            : fault.HResult is TooLarge ? Limit
            : fault.HResult is Unspecified && bytes > 0 ? Free(path) < bytes ? Full(path, bytes) : Limit   // .NET hides the number where a file's space cannot be reserved
            : $"cannot be written: {fault.Message.ReplaceLineEndings(" ")}";
        return new RunException($"{DurableFolder.Shown(path)}: {reason}", fault);
    }

    /// <summary>Whether the disk, or what the user may take of it, is full.</summary>
    public static bool IsFull(Exception fault) => fault.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;

    /// <summary>Whether another process holds the file.</summary>
    public static bool IsHeld(Exception fault) => fault.HResult is 11 or 35 or unchecked((int)0x80070020);

    private const string Limit = "the file would grow beyond the size that this process or the file system allows; raise the limit (ulimit -f) or use smaller shards";

    private static string Full(string path, long? bytes) =>
        $"the disk is full{(bytes is { } count && Free(path) is { } free ? $": the file takes {ByteSize.Text(count)}, {ByteSize.Text(free)} are free" : "")}; free some space or write to another disk";

    private static long? Free(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
