namespace Ballast.Checkpoints;

/// <summary>Turns a failed write into one clear line.</summary>
internal static class WriteFault
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>What the user reads when a file could not be written.</summary>
    public static RunException Explain(string path, Exception fault) => new(
        fault.HResult is NoSpace or QuotaExceeded or WindowsDiskFull
            ? $"{path}: the disk is full; free some space or write to another disk"
            : $"{path}: cannot be written: {fault.Message}",
        fault);
}
