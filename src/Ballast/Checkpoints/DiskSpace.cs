namespace Ballast.Checkpoints;

/// <summary>Whether a disk can take what will be written, before hours of work are spent.</summary>
internal static class DiskSpace
{
    /// <summary>Room kept for tokenizer, configuration, logs and headers beside the weights, in bytes.</summary>
    public const long Reserve = 64 << 20;

    /// <summary>Refuses a disk with too little room.</summary>
    /// <param name="path">What will be written; need not exist.</param>
    /// <param name="bytes">Bytes of the large files.</param>
    /// <param name="what">What takes them, for the message.</param>
    /// <exception cref="ConfigException">There is too little room.</exception>
    public static void Check(string path, long bytes, string what)
    {
        string existing = Path.GetFullPath(path);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        Check(path, bytes, what, new DriveInfo(existing).AvailableFreeSpace);
    }

    /// <summary>The same where it is known how much is free.</summary>
    public static void Check(string path, long bytes, string what, long free)
    {
        if (bytes > free - Reserve)
        {
            throw new ConfigException(
                $"{path}: the disk is too full: {what} take {ByteSize.Text(bytes)} and the other files up to {ByteSize.Text(Reserve)}, {ByteSize.Text(free)} are free; free some space or write to another disk");
        }
    }
}
