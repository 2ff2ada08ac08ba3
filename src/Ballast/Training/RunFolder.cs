using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Configs;

namespace Ballast.Training;

/// <summary>A run's folder: recipe.yaml, run.json, metrics.jsonl and the models. Small files are written to a temporary name and renamed.</summary>
public sealed class RunFolder : IDisposable
{
    private static readonly JsonSerializerOptions s_pretty = new() { WriteIndented = true };

    private readonly StreamWriter _metrics;

    /// <summary>Makes the folder and writes the resolved recipe.</summary>
    /// <exception cref="ConfigException">The folder holds files already.</exception>
    /// <exception cref="RunException">It cannot be written.</exception>
    public RunFolder(string path, Recipe recipe)
    {
        CheckFree(path);
        Path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Path);
            WriteText("recipe.yaml", recipe.ToYaml());
            _metrics = new StreamWriter(new FileStream(System.IO.Path.Combine(Path, "metrics.jsonl"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{path}: the run folder cannot be written: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Refuses a folder that holds files: a run never overwrites another.</summary>
    /// <exception cref="ConfigException">It does.</exception>
    public static void CheckFree(string path)
    {
        if (File.Exists(path) || Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new ConfigException($"{path}: holds files already; give another folder with --out, or remove it");
        }
    }

    /// <summary>Refuses a disk that could not take the models, before hours of training are spent.</summary>
    /// <exception cref="ConfigException">There is too little room.</exception>
    public static void CheckSpace(string path, long bytes)
    {
        string existing = System.IO.Path.GetFullPath(path);
        while (!Directory.Exists(existing))
        {
            existing = System.IO.Path.GetDirectoryName(existing)!;
        }

        long free = new DriveInfo(existing).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new ConfigException($"{path}: the models of this run take about {bytes} bytes and the disk has {free} free; free some space or give another folder with --out");
        }
    }

    /// <summary>Appends one line to metrics.jsonl.</summary>
    public void Log(JsonObject metrics) => _metrics.WriteLine(metrics.ToJsonString());

    /// <summary>Writes run.json.</summary>
    public void WriteFacts(JsonObject facts) => WriteText("run.json", facts.ToJsonString(s_pretty));

    /// <summary>Writes a text file whole or not at all.</summary>
    public void WriteText(string name, string text)
    {
        string file = System.IO.Path.Combine(Path, name), working = file + ".new";
        File.WriteAllText(working, text);
        File.Move(working, file, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();
}
