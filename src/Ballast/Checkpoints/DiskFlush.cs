using System.Runtime.InteropServices;

namespace Ballast.Checkpoints;

/// <summary>Waits until what was written has reached the disk, so that a power cut cannot take it back.</summary>
internal static partial class DiskFlush
{
    /// <summary>Brings a file's content to the disk.</summary>
    public static void File(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Brings the names in a folder to the disk; Windows does this by itself and refuses to open a folder.</summary>
    public static void Folder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(path, 0);
        if (descriptor >= 0)
        {
            // Some network file systems cannot flush folders; the rename is atomic there all the same.
            _ = Fsync(descriptor);
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
