using System.Text.Json.Nodes;

namespace Ballast.Checkpoints;

/// <summary>manifest.json of a folder: size and SHA-256 of every other file. A folder without a valid one is not complete.</summary>
internal static class Manifest
{
    public const string FileName = "manifest.json";

    /// <summary>Writes the manifest of the files that are in the folder.</summary>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public static void Write(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        string path = Path.Combine(folder, FileName);
        try
        {
            File.WriteAllText(path, Text(folder, files));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(path, e);
        }
    }

    /// <summary>Reads every file and compares it with the manifest, and the manifest with what it would be: one changed byte anywhere is found.</summary>
    /// <exception cref="CheckpointException">The manifest is missing or changed, or a file is missing, shorter, longer or changed.</exception>
    public static void Verify(string folder, CancellationToken cancellationToken = default)
    {
        string path = Path.Combine(folder, FileName);
        var listed = JsonFile.ReadObject(path)["files"] as JsonObject ?? throw new CheckpointException($"{path}: expected the object 'files'");
        foreach ((string name, JsonNode? facts) in listed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string file = Path.Combine(folder, name);
            if (name != Path.GetFileName(name) || !File.Exists(file))
            {
                throw new CheckpointException($"{file}: is in the manifest and not in the folder");
            }

            if (Size(file).ToString() is string found && found != facts?["bytes"]?.ToString())
            {
                throw new CheckpointException($"{file}: has {found} bytes, the manifest says {facts?["bytes"]}");
            }
        }

        if (Text(folder, [.. listed.Select(pair => pair.Key)], (name, hash) => Compare(Path.Combine(folder, name), listed[name], hash), cancellationToken) != File.ReadAllText(path))
        {
            throw new CheckpointException($"{path}: was changed after it was written");
        }
    }

    private static void Compare(string file, JsonNode? facts, string hash)
    {
        if (facts?["sha256"]?.ToString() != hash)
        {
            throw new CheckpointException(hash.Length == 64 ? $"{file}: its SHA-256 differs from the manifest's: the file was changed or damaged" : hash);
        }
    }

    private static string Text(string folder, string[] files, Action<string, string>? read = null, CancellationToken cancellationToken = default)
    {
        string[] hashes = new string[files.Length];
        Parallel.For(0, files.Length, new ParallelOptions { CancellationToken = cancellationToken }, i => hashes[i] = Hash(Path.Combine(folder, files[i]), cancellationToken));
        var listed = new JsonObject();
        foreach ((string file, string hash) in files.Zip(hashes))
        {
            read?.Invoke(file, hash);
            listed[file] = new JsonObject { ["bytes"] = Size(Path.Combine(folder, file)), ["sha256"] = hash };
        }

        return JsonFile.Indented(new JsonObject { ["format"] = 1, ["files"] = listed });
    }

    // A file that cannot be read has no hash that a manifest could hold.
    private static string Hash(string file, CancellationToken cancellationToken)
    {
        try
        {
            return ModelFolder.HashFile(file, cancellationToken);
        }
        catch (CheckpointException fault)
        {
            return fault.Message;
        }
    }

    private static long Size(string file) => new FileInfo(file).Length;
}
