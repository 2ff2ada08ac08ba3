using System.Text;

namespace Ballast.Checkpoints;

/// <summary>Writes a small file whole or not at all: beside its place, to the disk, renamed.</summary>
internal static class DurableFile
{
    /// <summary>Writes text as UTF-8 over whatever stands there.</summary>
    /// <exception cref="RunException">The disk is full or fails; what stood there is untouched, and nothing is left beside it.</exception>
    public static void Write(string path, string text)
    {
        string working = path + ".new";
        try
        {
            File.WriteAllText(working, text);
            DiskFlush.File(working);
            File.Move(working, path, overwrite: true);
            DiskFlush.Folder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(working))   // where the folder is absent, deleting is a fault of its own
            {
                File.Delete(working);
            }

            throw WriteFault.Explain(path, e, Encoding.UTF8.GetByteCount(text));
        }
    }
}
