using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Training;

/// <summary>A run's folder: recipe.yaml, run.json, metrics.jsonl, tensorboard/, checkpoints/ and the models; held by one process at a time.</summary>
public sealed class RunFolder : IDisposable
{
    internal const string FactsFile = "run.json";

    internal const string Large = "the models and checkpoints of this run (fewer with checkpoints.keep_last)";

    private const string LockFile = ".lock";

    private readonly FileStream _lock;

    private RunFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>The folder as the recipe names it.</summary>
    public string Path { get; }

    /// <summary>What stands in run.json; null before the first start was recorded.</summary>
    internal JsonObject? Facts { get; private set; }

    /// <summary>Refuses a folder that holds files: a run never overwrites another.</summary>
    /// <exception cref="ConfigException">It does.</exception>
    public static void CheckFree(string path)
    {
        if (File.Exists(path) || Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new ConfigException($"{path}: holds files already; give another folder with --out, or remove it");
        }
    }

    /// <summary>Takes hold of a run that was begun earlier.</summary>
    /// <returns>Null when the folder is free for a new run.</returns>
    /// <exception cref="ConfigException">The folder holds other files, or another process works on the run.</exception>
    internal static RunFolder? Find(string path)
    {
        if (!Directory.Exists(path) || !File.Exists(System.IO.Path.Combine(path, LockFile)))
        {
            CheckFree(path);
            return null;
        }

        var folder = new RunFolder(path, Hold(path));
        string facts = System.IO.Path.Combine(path, FactsFile);
        folder.Facts = File.Exists(facts) ? JsonFile.ReadObject(facts) : null;
        return folder;
    }

    /// <summary>Makes the folder of a new run.</summary>
    /// <exception cref="ConfigException">Another process was faster.</exception>
    /// <exception cref="RunException">It cannot be written.</exception>
    internal static RunFolder Create(string path)
    {
        try
        {
            CheckFree(path);
            Directory.CreateDirectory(path);
            return new RunFolder(path, Hold(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(path, fault);
        }
    }

    /// <summary>Whether a process works on the run at this moment.</summary>
    internal static bool IsHeld(string path)
    {
        try
        {
            string file = System.IO.Path.Combine(path, LockFile);
            using var probe = File.Exists(file) ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read) : null;
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>The path of something in the folder.</summary>
    internal string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Removes what killed processes left half-written.</summary>
    internal void Sweep()
    {
        DurableFolder.Sweep(Path);
        if (Directory.Exists(At("checkpoints")))
        {
            DurableFolder.Sweep(At("checkpoints"));
        }
    }

    /// <summary>Writes run.json.</summary>
    internal void WriteFacts(JsonObject facts)
    {
        Facts = facts;
        DurableFile.Write(At(FactsFile), JsonFile.Indented(facts));
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    // The system releases the lock when the process ends, however it ends.
    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (WriteFault.IsHeld(fault))
        {
            throw new ConfigException($"{path}: another process works on this run; wait for its end, or give another folder with --out", fault);
        }
    }
}
