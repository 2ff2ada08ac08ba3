using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Ballast.Checkpoints;

/// <summary>Which of a model folder's files beside the weights.</summary>
public enum SidecarKind
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>Tokenizer and chat templates.</summary>
    Tokenizer,

    /// <summary>All but these.</summary>
    Others,
}

/// <summary>What a Hugging Face model folder holds beside its weights.</summary>
public static class ModelFolder
{
    /// <summary>The model's description.</summary>
    public const string ConfigFile = "config.json";

    private const string TemplatesFolder = "additional_chat_templates";

    private static readonly string[] s_sidecars =
    [
        ConfigFile, "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
        "preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json",
        "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt", "USE_POLICY.md",
    ];

    private static readonly string[] s_tokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "vocab.json", "merges.txt",
        "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>The files that travel with the weights: configuration, generation defaults, tokenizer, chat templates, licences.</summary>
    /// <remarks>The model card (README.md) is not among them: an output gets its own.</remarks>
    public static IReadOnlyList<string> Sidecars => s_sidecars;

    /// <summary>Reads config.json: at most 16 MiB and 64 levels, unique keys.</summary>
    /// <exception cref="CheckpointException">The file is absent, hostile or no JSON object.</exception>
    public static JsonObject ReadConfig(string folder)
    {
        string path = Path.Combine(folder, ConfigFile);
        return !File.Exists(path) && File.Exists(Path.Combine(folder, "adapter_config.json"))
            ? throw new CheckpointException($"{folder}: holds an adapter, not a whole model; name it with its base, as BASE+ADAPTER")
            : JsonFile.ReadObject(path);
    }

    /// <summary>SHA-256 of a file in lower-case hexadecimal.</summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public static string HashFile(string path, CancellationToken cancellationToken = default)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            return HashFile(path, hash, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Adds a file to a hash and ends it: lower-case hexadecimal.</summary>
    internal static string HashFile(string path, IncrementalHash hash, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        byte[] buffer = new byte[1 << 18];
        for (long at = 0; RandomAccess.Read(file, buffer, at) is > 0 and int count; at += count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>SHA-256 over names, types, shapes and the BLAKE3 hashes of the data, in ordinal order of the names; sharding and file order do not change it.</summary>
    /// <remarks>Hashed per tensor: name, type and shape as in "NAME\0BF16\0[32, 64]\0" in UTF-8, then the 32 bytes of the hash of its data.</remarks>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <exception cref="CheckpointException">The folder holds no readable weights.</exception>
    public static string HashWeights(string folder, CancellationToken cancellationToken = default)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return HashWeights(checkpoint, cancellationToken);
    }

    /// <summary>SHA-256 over the weights of an open checkpoint, as the overload for a folder.</summary>
    public static string HashWeights(Checkpoint checkpoint, CancellationToken cancellationToken = default) =>
        WeightHash.OfModel(checkpoint, entry => WeightHash.OfTensor(checkpoint, entry, Environment.ProcessorCount, checkFinite: false, cancellationToken));

    /// <summary>Copies every sidecar of a kind that exists and compares the SHA-256 of source and copy.</summary>
    internal static void CopySidecars(string from, string to, SidecarKind kind = SidecarKind.All)
    {
        foreach (string file in s_sidecars.Where(f => kind == SidecarKind.All || s_tokenizerFiles.Contains(f) == (kind == SidecarKind.Tokenizer)).Where(f => File.Exists(Path.Combine(from, f))))
        {
            CopyFile(Path.Combine(from, file), Path.Combine(to, file));
        }

        string templates = Path.Combine(from, TemplatesFolder);
        if (kind != SidecarKind.Others && Directory.Exists(templates))
        {
            Directory.CreateDirectory(Path.Combine(to, TemplatesFolder));
            foreach (string template in Directory.EnumerateFiles(templates, "*.jinja"))
            {
                CopyFile(template, Path.Combine(to, TemplatesFolder, Path.GetFileName(template)));
            }
        }
    }

    private static void CopyFile(string from, string to)
    {
        string expected = HashFile(from);
        try
        {
            using FileStream source = File.OpenRead(from);
            using FileStream copy = File.Create(to);
            source.CopyTo(copy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(to, e);
        }

        if (HashFile(to) != expected)
        {
            throw new CheckpointException($"{to}: the copy differs from {from}; the source changed meanwhile or the disk is failing");
        }
    }
}
