using Ballast.Checkpoints;

namespace Ballast.Hub;

/// <summary>Which files of a model's repository are needed: configuration, tokenizer, templates, and weights as safetensors; never a pickle.</summary>
internal static class ModelFiles
{
    private const string Adapter = "adapter_model.safetensors";
    private const string AdapterConfig = "adapter_config.json";

    private static readonly string[] s_tokenizers = ["tokenizer.json", "tokenizer.model", "vocab.json"];

    /// <summary>Everything but the weights themselves.</summary>
    public static IEnumerable<string> Small(IReadOnlyCollection<string> files) => files.Where(file =>
        ModelFolder.Sidecars.Contains(file) || file is CheckpointIndex.FileName or AdapterConfig
        || file.StartsWith("additional_chat_templates/", StringComparison.Ordinal) && file.EndsWith(".jinja", StringComparison.Ordinal));

    /// <summary>The files of weights, once the small files are in <paramref name="folder"/>.</summary>
    /// <exception cref="CheckpointException">There are none, or pickles only.</exception>
    public static IReadOnlyList<string> Weights(string folder, IReadOnlyCollection<string> files, string shown)
    {
        if (Listed(folder) is { } shards)
        {
            string[] absent = [.. shards.Where(shard => !files.Contains(shard))];
            return absent.Length == 0 ? shards : throw new CheckpointException($"{shown}: the index names {PrintableName.QuoteSome(absent)}, which the repository lacks");
        }

        string? single = new[] { CheckpointIndex.SingleFileName, Adapter }.FirstOrDefault(files.Contains);
        bool pickles = files.Any(file => ForeignFile.PickleExtensions.Contains(Path.GetExtension(file)));
        return single is not null ? [single] : throw new CheckpointException(pickles
            ? $"{shown}: holds PyTorch pickles and no safetensors; a pickle can run code, so none is fetched: look for a revision or a copy with safetensors"
            : $"{shown}: holds no weights ({CheckpointIndex.SingleFileName} or shards)");
    }

    /// <summary>Whether a folder has configuration, tokenizer and all weights, whoever fetched them.</summary>
    public static bool AreComplete(string folder)
    {
        bool Has(string file) => File.Exists(Path.Combine(folder, file));
        bool weights = Listed(folder) is { } shards ? shards.All(Has) : Has(CheckpointIndex.SingleFileName);
        return Has(ModelFolder.ConfigFile) && weights && s_tokenizers.Any(Has) || Has(AdapterConfig) && Has(Adapter);
    }

    // The shards that the folder's index names; null without an index.
    private static string[]? Listed(string folder)
    {
        string index = Path.Combine(folder, CheckpointIndex.FileName);
        return File.Exists(index) ? [.. CheckpointIndex.Read(index).Values.Distinct(StringComparer.Ordinal)] : null;
    }
}
