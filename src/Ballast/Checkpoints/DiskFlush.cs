using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ballast.Checkpoints;

/// <summary>Waits until what was written has reached the disk, so that a power cut cannot take it back.</summary>
/// <remarks>On Linux by fsync itself: .NET 10's own flush passes over its failures (libSystem.Native gives 1 where the caller looks for a negative number).</remarks>
internal static partial class DiskFlush
{
    private const int IoError = 5, NoSpace = 28, QuotaExceeded = 122;

    /// <summary>Brings a file's content to the disk.</summary>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public static void File(string path)
    {
        using var handle = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        File(handle, path);
    }

    /// <summary>Brings an open file's content to the disk.</summary>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public static void File(SafeFileHandle handle, string path)
    {
        if (OperatingSystem.IsLinux())
        {
            Check(Fsync((int)handle.DangerousGetHandle()), path);
        }
        else
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Brings the names in a folder to the disk; Windows does this by itself and refuses to open a folder.</summary>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public static void Folder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(path, 0);
        if (descriptor >= 0)
        {
            try
            {
                Check(Fsync(descriptor), path);
            }
            finally
            {
                _ = Close(descriptor);
            }
        }
    }

    // Some files and folders (pipes, network file systems) cannot be flushed at all: no fault.
    private static void Check(int result, string path)
    {
        int fault = result == 0 ? 0 : Marshal.GetLastPInvokeError();
        if (fault is IoError or NoSpace or QuotaExceeded)
        {
            throw new IOException($"{Marshal.GetPInvokeErrorMessage(fault)}: '{path}'", fault);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
