using System.Text;
using System.Text.RegularExpressions;

namespace Ballast.Checkpoints;

/// <summary>A folder that appears under its name whole or not at all: filled beside its place, brought to the disk, renamed.</summary>
/// <remarks>A process that is killed leaves at most a hidden folder ".NAME.unfinished", ".NAME.partial-*" or ".NAME.replaced-*" beside the target, never half a target.</remarks>
internal sealed partial class DurableFolder : IDisposable
{
    private readonly string _target;
    private readonly bool _replace;
    private bool _finished;

    /// <summary>Creates the folder to fill.</summary>
    /// <param name="target">Where it will be; the parent is created when absent.</param>
    /// <param name="replace">True to put it in the place of a folder that holds files.</param>
    /// <param name="resumable">True to fill the folder of <see cref="ResumePath"/>, which may hold the work of a process that was killed.</param>
    /// <exception cref="ConfigException"><paramref name="target"/> is a file, or a folder that holds files while <paramref name="replace"/> is false.</exception>
    /// <exception cref="RunException">The folder cannot be created.</exception>
    public DurableFolder(string target, bool replace, bool resumable = false)
    {
        _target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        _replace = replace;
        CheckTarget(target, replace);
        Working = resumable ? ResumePath(target) : Beside(_target, "partial");
        try
        {
            Directory.CreateDirectory(Working);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(Working, e);
        }
    }

    /// <summary>Whether a folder could be put there.</summary>
    /// <exception cref="ConfigException">It is a file, or a folder that holds files while <paramref name="replace"/> is false.</exception>
    public static void CheckTarget(string target, bool replace)
    {
        string full = Path.GetFullPath(target);
        if (File.Exists(full))
        {
            throw new ConfigException($"{target}: expected a folder for the output, found a file");
        }

        if (!replace && IsFilled(full))
        {
            throw new ConfigException($"{target}: the output folder is not empty; choose another one, or have it replaced (--replace)");
        }
    }

    /// <summary>The folder to fill.</summary>
    public string Working { get; }

    /// <summary>Where the work on a target that can be resumed lies until it is complete.</summary>
    public static string ResumePath(string target)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        return Path.Combine(Path.GetDirectoryName(full) ?? full, $".{Path.GetFileName(full)}.unfinished");
    }

    /// <summary>The path that something in a folder being filled is meant for; any other path as it is.</summary>
    public static string Shown(string path) => Filled().Replace(path, "$1");

    /// <summary>Writes a text file (UTF-8, no byte order mark) into the folder, over one of the same name.</summary>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void WriteText(string file, string text)
    {
        string path = Path.Combine(Working, file);
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(path, e, Encoding.UTF8.GetByteCount(text));
        }
    }

    /// <summary>Leaves the folder for a later process to go on with.</summary>
    public void Keep() => _finished = true;

    /// <summary>Brings every file to the disk and gives the folder its name.</summary>
    /// <exception cref="RunException">The disk fails, or the place was taken meanwhile; what stood there is untouched.</exception>
    public void Complete()
    {
        try
        {
            foreach (string file in Directory.EnumerateFiles(Working, "*", SearchOption.AllDirectories))
            {
                DiskFlush.File(file);
            }

            foreach (string folder in Directory.EnumerateDirectories(Working, "*", SearchOption.AllDirectories).Append(Working))
            {
                DiskFlush.Folder(folder);
            }

            TakePlace();
            DiskFlush.Folder(Path.GetDirectoryName(_target)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(_target, e);
        }
    }

    /// <summary>Removes a folder so that a process killed meanwhile leaves a hidden folder, never a damaged one under the old name.</summary>
    public static void Remove(string folder)
    {
        string hidden = Beside(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), "replaced");
        Directory.Move(folder, hidden);
        Directory.Delete(hidden, recursive: true);
    }

    /// <summary>Removes what killed processes left in a folder that nobody else works in.</summary>
    public static void Sweep(string parent)
    {
        foreach (string left in Directory.EnumerateDirectories(parent, ".*").Where(path => Leftover().IsMatch(Path.GetFileName(path))))
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Removes the folder unless <see cref="Complete"/> gave it its name.</summary>
    public void Dispose()
    {
        if (!_finished && Directory.Exists(Working))
        {
            Directory.Delete(Working, recursive: true);
        }
    }

    private void TakePlace()
    {
        string? old = null;
        if (Directory.Exists(_target))
        {
            if (!_replace && IsFilled(_target))
            {
                throw new IOException("the folder was filled by someone else meanwhile");
            }

            old = Beside(_target, "replaced");
            Directory.Move(_target, old);
        }

        try
        {
            Directory.Move(Working, _target);
            _finished = true;
        }
        catch when (old is not null)
        {
            Directory.Move(old, _target);
            throw;
        }

        if (old is not null)
        {
            Directory.Delete(old, recursive: true);
        }
    }

    private static string Beside(string target, string word) =>
        Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{word}-{Guid.NewGuid():n}");

    [GeneratedRegex("^\\..+\\.(partial|replaced)-[0-9a-f]{32}$")]
    private static partial Regex Leftover();

    [GeneratedRegex("(?<=/|^)\\.([^/]+)\\.(?:partial-[0-9a-f]{32}|unfinished)(?=/|$)")]
    private static partial Regex Filled();

    private static bool IsFilled(string folder) => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
}
