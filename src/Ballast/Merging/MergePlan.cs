using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging;

/// <summary>One output tensor and where its two inputs come from.</summary>
internal sealed record TensorPair(TensorEntry Output, TensorEntry Aligned, TensorEntry Tuned);

/// <summary>Pairs the tensors of two models by name and finds every mismatch before any work is done.</summary>
internal sealed class MergePlan
{
    private const string Head = "lm_head.weight";
    private const string Embedding = "model.embed_tokens.weight";
    private const string TieKey = "tie_word_embeddings";

    /// <summary>Settings that change what the weights mean; two models that differ in one cannot be averaged.</summary>
    private static readonly string[] s_meaning =
        ["model_type", "hidden_act", "num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "rope_scaling", "rope_parameters"];

    private MergePlan(IReadOnlyList<TensorPair> pairs, JsonObject config, bool headUntied)
    {
        Pairs = pairs;
        Config = config;
        HeadUntied = headUntied;
    }

    /// <summary>The output tensors in the tuned model's order.</summary>
    public IReadOnlyList<TensorPair> Pairs { get; }

    /// <summary>Elements of the output.</summary>
    public long Elements => Pairs.Sum(pair => pair.Output.ElementCount);

    /// <summary>The output's config.json.</summary>
    public JsonObject Config { get; }

    /// <summary>True when exactly one input ties its head to the embedding.</summary>
    public bool HeadUntied { get; }

    /// <summary>Compares two models.</summary>
    /// <exception cref="CheckpointException">Names, shapes, integer types or the meaning of the weights differ.</exception>
    public static MergePlan Create(Checkpoint aligned, Checkpoint tuned, DType? outputType)
    {
        JsonObject alignedConfig = ModelFolder.ReadConfig(aligned.Folder);
        JsonObject config = ModelFolder.ReadConfig(tuned.Folder);
        CheckMeaning(aligned.Folder, alignedConfig, tuned.Folder, config);
        bool alignedTied = IsTied(aligned, alignedConfig);
        bool tunedTied = IsTied(tuned, config);
        CheckNames(aligned, tuned);
        CheckNames(tuned, aligned);

        List<TensorPair> pairs = [.. tuned.Entries.Keys.Where(n => n != Head).Select(n => Pair(n, aligned, n, tuned, n, outputType))];
        bool hasHead = (aligned.Entries.ContainsKey(Head) && !alignedTied) || (tuned.Entries.ContainsKey(Head) && !tunedTied);
        if (hasHead)
        {
            pairs.Add(Pair(Head, aligned, alignedTied ? Embedding : Head, tuned, tunedTied ? Embedding : Head, outputType));
        }

        bool untied = hasHead && alignedTied != tunedTied;
        if (untied)
        {
            config[TieKey] = false;
        }

        SetType(config, outputType);
        return new MergePlan(pairs, config, untied);
    }

    private static TensorPair Pair(string output, Checkpoint aligned, string alignedName, Checkpoint tuned, string tunedName, DType? outputType)
    {
        TensorEntry a = Find(aligned, alignedName);
        TensorEntry t = Find(tuned, tunedName);
        if (!a.Shape.AsSpan().SequenceEqual(t.Shape))
        {
            throw new CheckpointException($"{tuned.FileOf(tunedName)}: tensor {PrintableName.Quote(output)}: expected shape "
                + $"{TensorEntry.ShapeText(a.Shape)} as in {aligned.FileOf(alignedName)}, found {TensorEntry.ShapeText(t.Shape)}; the models must have one architecture and vocabulary");
        }

        if (a.DType.IsFloat != t.DType.IsFloat || (!a.DType.IsFloat && a.DType != t.DType))
        {
            throw new CheckpointException($"{tuned.FileOf(tunedName)}: tensor {PrintableName.Quote(output)}: expected type "
                + $"{a.DType.SafetensorsName} as in {aligned.FileOf(alignedName)}, found {t.DType.SafetensorsName}");
        }

        DType type = t.DType.IsFloat ? outputType ?? t.DType : t.DType;
        return new TensorPair(TensorEntry.Create(output, type, t.Shape), a, t);
    }

    private static TensorEntry Find(Checkpoint model, string name) => model.Entries.TryGetValue(name, out TensorEntry? entry)
        ? entry
        : throw new CheckpointException($"{model.Folder}: there is no tensor {PrintableName.Quote(name)}, and config.json does not tie head and embedding");

    /// <summary>A model ties its head to the embedding when its configuration says so, or says nothing and has no head.</summary>
    private static bool IsTied(Checkpoint model, JsonObject config) =>
        model.Entries.ContainsKey(Embedding)
        && (config[TieKey]?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => !model.Entries.ContainsKey(Head),
        });

    private static void CheckNames(Checkpoint has, Checkpoint lacks)
    {
        string[] missing = [.. has.Entries.Keys.Where(n => n != Head && !lacks.Entries.ContainsKey(n))];
        if (missing.Length > 0)
        {
            throw new CheckpointException($"{lacks.Folder}: lacks {missing.Length} of the tensors in {has.FileOf(missing[0])}: "
                + $"{PrintableName.QuoteSome(missing)}; the models must have one architecture");
        }
    }

    private static void CheckMeaning(string alignedFolder, JsonObject aligned, string tunedFolder, JsonObject tuned)
    {
        foreach (string key in s_meaning)
        {
            if (aligned[key] is { } a && tuned[key] is { } t && !JsonNode.DeepEquals(a, t))
            {
                throw new CheckpointException($"{Path.Combine(tunedFolder, ModelFolder.ConfigFile)}: expected {key} = {a.ToJsonString()} as in "
                    + $"{Path.Combine(alignedFolder, ModelFolder.ConfigFile)}, found {t.ToJsonString()}; such models cannot be averaged");
            }
        }
    }

    /// <summary>Loaders take the type from the configuration, under the old or the new key.</summary>
    private static void SetType(JsonObject config, DType? outputType)
    {
        if (outputType is { } type)
        {
            string word = type switch { DType.F32 => "float32", DType.F16 => "float16", DType.BF16 => "bfloat16", _ => "float64" };
            foreach (string key in (string[])["torch_dtype", "dtype"])
            {
                if (config.ContainsKey(key))
                {
                    config[key] = word;
                }
            }
        }
    }
}
