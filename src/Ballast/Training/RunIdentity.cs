using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Evaluation.Suites;

namespace Ballast.Training;

/// <summary>What makes two runs the same run: the recipe without its paths and its saving, and the content of model, rows and probe.</summary>
/// <param name="Recipe">The recipe with the precision that was chosen.</param>
/// <param name="Hashes">SHA-256 of each input by its name.</param>
internal sealed record RunIdentity(Recipe Recipe, IReadOnlyDictionary<string, string> Hashes)
{
    private const string RecipeFile = "recipe.yaml";

    /// <summary>SHA-256 of the recipe as it is compared.</summary>
    public string RecipeSha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Compared(Recipe).ToJsonString())));

    public static RunIdentity Of(Recipe recipe, TrainingData data, Suite? probe, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<string, string> { ["model"] = ModelName.Parse(recipe.Model).HashWeights(cancellationToken), ["train"] = data.Train.RowsSha256() };
        if (data.Validation is not null)
        {
            hashes["validation"] = data.Validation.RowsSha256();
        }

        if (probe is not null)
        {
            hashes["probe"] = probe.Hash();
        }

        return new RunIdentity(recipe, hashes);
    }

    /// <summary>Reads what <see cref="Write"/> wrote: recipe.yaml, and the hashes within another file of the folder.</summary>
    public static RunIdentity Read(string folder, JsonObject facts)
    {
        string path = Path.Combine(folder, RecipeFile);
        var recipe = File.Exists(path) ? Recipe.Parse(File.ReadAllText(path), path) : throw new CheckpointException($"{path}: no such file");
        return new RunIdentity(recipe, ((JsonObject)facts["inputs_sha256"]!).ToDictionary(pair => pair.Key, pair => pair.Value!.ToString()));
    }

    public void Write(string folder, JsonObject facts)
    {
        DurableFile.Write(Path.Combine(folder, RecipeFile), Recipe.ToYaml());
        facts["recipe_sha256"] = RecipeSha256;
        facts["inputs_sha256"] = new JsonObject(Hashes.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
    }

    /// <summary>Refuses to go on with a run of another recipe, model or data.</summary>
    /// <param name="found">What stands in the folder.</param>
    /// <param name="folder">The folder, for the message.</param>
    /// <exception cref="ConfigException">They differ; the message says in what.</exception>
    public void CheckSame(RunIdentity found, string folder)
    {
        Dictionary<string, string> here = Leaves(Compared(Recipe)), there = Leaves(Compared(found.Recipe));
        string[] differences =
        [
            .. here.Keys.Union(there.Keys).Where(key => here.GetValueOrDefault(key) != there.GetValueOrDefault(key))
                .Select(key => $"{key} is {there.GetValueOrDefault(key, "absent")} there and {here.GetValueOrDefault(key, "absent")} here"),
            .. Hashes.Keys.Union(found.Hashes.Keys).Where(key => Hashes.GetValueOrDefault(key) != found.Hashes.GetValueOrDefault(key))
                .Select(key => key switch
                {
                    "model" => "the model's weights differ",
                    "probe" => "the probe's prompts differ",
                    _ => $"the rows of data.{key} differ",
                }),
        ];
        if (differences.Length > 0)
        {
            throw new ConfigException($"{folder}: holds another run: {string.Join("; ", differences)}; give another folder with --out, or undo the change");
        }
    }

    // Paths may change between two starts: what they lead to is compared by its content. What leaves the weights alone may change too.
    private static JsonNode Compared(Recipe recipe) => JsonSerializer.SerializeToNode(
        recipe with
        {
            Model = "",
            Output = "",
            Checkpoints = new CheckpointSection(),
            Training = recipe.Training with { LogEvery = 1, ActivationCheckpointing = false },
            Data = recipe.Data with { Train = [.. recipe.Data.Train.Select(Unplaced)], Validation = [.. recipe.Data.Validation.Select(Unplaced)] },
            Probe = recipe.Probe is { } probe ? probe with { Suite = "" } : null,
        },
        ConfigContext.Default.Recipe)!;

    private static DataSource Unplaced(DataSource source) => source with { Path = "" };

    private static Dictionary<string, string> Leaves(JsonNode node)
    {
        var leaves = new Dictionary<string, string>();
        Collect(node, "");
        return leaves;

        void Collect(JsonNode? part, string path)
        {
            switch (part)
            {
                case JsonObject map:
                    foreach ((string key, JsonNode? value) in map)
                    {
                        Collect(value, path.Length == 0 ? key : $"{path}.{key}");
                    }

                    break;
                case JsonArray list:
                    for (int i = 0; i < list.Count; i++)
                    {
                        Collect(list[i], $"{path}[{i}]");
                    }

                    break;
                default:
                    leaves[path] = part?.ToJsonString() ?? "null";
                    break;
            }
        }
    }
}
