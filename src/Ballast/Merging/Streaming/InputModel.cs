using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Merging.Config;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>An input of a merge: an open model folder, perhaps with an adapter, its configuration, and which tensors belong to which layer.</summary>
internal sealed partial class InputModel : IDisposable
{
    /// <summary>The output layer's tensor.</summary>
    public const string Head = "lm_head.weight";

    private const string Embedding = "model.embed_tokens.weight";

    /// <summary>Names that many checkpoints hold and others leave out, since they follow from the configuration.</summary>
    private static readonly string[] s_derived = [".rotary_emb.inv_freq", ".masked_bias", ".attn.bias"];

    private readonly Dictionary<int, List<string>> _layers = [];
    private readonly List<string> _others = [];

    private readonly AdapterFolder? _adapter;

    private InputModel(ModelReference reference, Checkpoint weights, JsonObject config, AdapterFolder? adapter)
    {
        (Reference, Weights, Config, _adapter) = (reference, weights, config, adapter);
        int? configured = (config["num_hidden_layers"] ?? (config["text_config"] as JsonObject)?["num_hidden_layers"]) is JsonValue value && value.TryGetValue(out int layers) ? layers : null;
        List<NumberedName> numbered = [.. weights.Entries.Keys.Select(name => new NumberedName(name, LayerName().Match(name)))];
        LayerPrefix = numbered.Where(n => n.Match.Success).GroupBy(n => n.Match.Groups[1].Value)
            .OrderByDescending(g => configured == 1 + g.Max(n => Number(n.Match))).ThenByDescending(g => g.Count()).FirstOrDefault()?.Key;
        foreach (var (name, match) in numbered.Where(n => !s_derived.Any(d => n.Name.EndsWith(d, StringComparison.Ordinal))))
        {
            if (match.Success && match.Groups[1].Value == LayerPrefix)
            {
                List<string> layer = _layers.TryGetValue(Number(match), out List<string>? known) ? known : _layers[Number(match)] = [];
                layer.Add(match.Groups[3].Value);
            }
            else
            {
                _others.Add(name);
            }
        }

        LayerCount = configured ?? (_layers.Count == 0 ? 0 : _layers.Keys.Max() + 1);
        IsTied = weights.Entries.ContainsKey(Embedding) && (config["tie_word_embeddings"]?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => !weights.Entries.ContainsKey(Head),
        });
        if (IsTied)
        {
            _others.Remove(Head);
        }

        CheckAdapter();
    }

    /// <summary>As the merge file names it.</summary>
    public ModelReference Reference { get; }

    /// <summary>The weights, without an adapter.</summary>
    public Checkpoint Weights { get; }

    /// <summary>config.json.</summary>
    public JsonObject Config { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>What stands before a layer's number in tensor names, such as "model.layers."; null when there are no layers.</summary>
    public string? LayerPrefix { get; }

    /// <summary>Whether head and embedding are one tensor.</summary>
    public bool IsTied { get; }

    /// <summary>Tensors outside the layers; a head that is the embedding is not among them.</summary>
    public IReadOnlyList<string> Others => _others;

    /// <summary>Opens a model's folder.</summary>
    /// <exception cref="CheckpointException">The folder is no model.</exception>
    public static InputModel Open(ModelReference reference)
    {
        var weights = Checkpoint.Open(reference.Folder);
        AdapterFolder? adapter = null;
        try
        {
            adapter = reference.Adapter is { } folder ? AdapterFolder.Open(folder) : null;
            return new InputModel(reference, weights, ModelFolder.ReadConfig(reference.Folder), adapter);
        }
        catch
        {
            weights.Dispose();
            adapter?.Dispose();
            throw;
        }
    }

    /// <summary>The names of a layer's tensors, behind its number.</summary>
    public IReadOnlyList<string> Layer(int number) => _layers.TryGetValue(number, out List<string>? names) ? names : [];

    /// <summary>The stored tensor that stands for a name: a tied model's embedding for its head; null when there is none.</summary>
    public TensorEntry? Find(string name) =>
        Weights.Entries.GetValueOrDefault(name == Head && IsTied ? Embedding : name);

    /// <summary>The adapter's file, or null.</summary>
    public string? AdapterFile => _adapter?.File.Path;

    /// <summary>The tensor that stands for a name, with the adapter's part.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rounding">The narrower type to which values are rounded when they are read; null keeps them.</param>
    public TensorSource Source(string name, DType? rounding)
    {
        TensorEntry entry = Find(name)!;
        StoredTensor Stored(DType? type) => new(Weights, entry, type);
        if (_adapter is null)
        {
            return Stored(rounding);
        }

        string? whole = _adapter.Whole.GetValueOrDefault(entry.Name) ?? _adapter.Kept.GetValueOrDefault(entry.Name);
        return _adapter.Modules.TryGetValue(ModuleOf(entry.Name), out AdaptedModule? module)
            ? new AdaptedTensor(whole is null ? Stored(null) : new AdapterFileTensor(_adapter.File, whole, entry, null), entry, _adapter.File, module, rounding)
            : whole is null ? Stored(rounding) : new AdapterFileTensor(_adapter.File, whole, entry, rounding);
    }

    public void Dispose()
    {
        Weights.Dispose();
        _adapter?.Dispose();
    }

    private void CheckAdapter()
    {
        if (_adapter is null)
        {
            return;
        }

        var tensors = Weights.Entries.Keys.ToHashSet(StringComparer.Ordinal);
        string? stranger = _adapter.Modules.FirstOrDefault(m => !tensors.Contains(m.Key + ".weight")).Value?.A
            ?? _adapter.Whole.FirstOrDefault(w => !tensors.Contains(w.Key)).Value;
        if (stranger is not null)
        {
            throw new CheckpointException($"{_adapter.File.Path}: tensor {PrintableName.Quote(stranger)}: the base model has no such tensor; the adapter belongs to another model");
        }

        if (IsTied && (_adapter.Whole.Keys.Concat(_adapter.Modules.Keys.Select(m => m + ".weight")).FirstOrDefault(n => n is Head or Embedding) is { } tied))
        {
            throw new CheckpointException($"{_adapter.File.Path}: it changes {PrintableName.Quote(tied)} of a model whose head is its embedding; merge the adapter into the model first");
        }
    }

    private static string ModuleOf(string tensor) => tensor.EndsWith(".weight", StringComparison.Ordinal) ? tensor[..^".weight".Length] : tensor;

    private static int Number(Match match) => int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^((?:.*\.)?(?:layers|h|blocks|layer)\.)([0-9]{1,6})(\..+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();

    /// <summary>A tensor's name and what it says of a layer.</summary>
    private sealed record NumberedName(string Name, Match Match);
}
