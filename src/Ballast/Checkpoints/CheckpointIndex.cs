using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Checkpoints;

/// <summary>model.safetensors.index.json: which shard holds which tensor.</summary>
internal static class CheckpointIndex
{
    /// <summary>File name of the index.</summary>
    public const string FileName = "model.safetensors.index.json";

    /// <summary>File name of the weights when one file holds them all.</summary>
    public const string SingleFileName = "model.safetensors";

    private const long MaxBytes = 100_000_000;

    /// <summary>Reads the map from tensor to file name; names that leave the folder are refused.</summary>
    public static Dictionary<string, string> Read(string path)
    {
        if (JsonFile.ReadObject(path, MaxBytes)["weight_map"] is not JsonObject map)
        {
            throw new CheckpointException($"{path}: 'weight_map' (tensor to file) is missing");
        }

        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach ((string tensor, JsonNode? node) in map)
        {
            string? file = node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
            if (file is null || file.Length == 0 || file.AsSpan().ContainsAny('/', '\\', '\0') || file is "." or "..")
            {
                throw new CheckpointException(
                    $"{path}: tensor {PrintableName.Quote(tensor)}: expected the name of a file in this folder, found {PrintableName.Quote(node?.ToJsonString() ?? "null")}");
            }

            if (!file.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                string folder = Path.GetDirectoryName(path)!;
                throw new CheckpointException($"{path}: shard {PrintableName.Quote(file)} is no safetensors file; {ForeignFile.PickleFolderAdvice(folder)}");
            }

            files.Add(tensor, file);
        }

        return files;
    }

    /// <summary>The text of an index, keys sorted, as huggingface_hub writes it.</summary>
    public static string Write(IReadOnlyDictionary<string, string> fileOfTensor, long totalSize)
    {
        JsonObject map = new(fileOfTensor.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = totalSize }, ["weight_map"] = map };
        return JsonFile.Indented(index);
    }
}
