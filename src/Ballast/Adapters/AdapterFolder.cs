using Ballast.Checkpoints;

namespace Ballast.Adapters;

/// <summary>An adapter as PEFT writes it: adapter_config.json and adapter_model.safetensors.</summary>
public sealed class AdapterFolder : IDisposable
{
    /// <summary>The file with the tensors.</summary>
    public const string WeightsFile = "adapter_model.safetensors";

    private const string A = ".lora_A.weight", B = ".lora_B.weight", EmbeddingA = ".lora_embedding_A", EmbeddingB = ".lora_embedding_B", MagnitudeKey = ".lora_magnitude_vector";

    private readonly Dictionary<string, AdaptedModule> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _whole = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _kept = new(StringComparer.Ordinal);

    private AdapterFolder(string folder, AdapterConfig config, SafetensorsFile file) => (Folder, Config, File) = (folder, config, file);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>adapter_config.json.</summary>
    public AdapterConfig Config { get; }

    /// <summary>adapter_model.safetensors.</summary>
    public SafetensorsFile File { get; }

    /// <summary>Rank and scaling of each module with low-rank parts, by path.</summary>
    public IReadOnlyDictionary<string, (int Rank, double Scaling)> Parts => _modules.ToDictionary(pair => pair.Key, pair => (pair.Value.Rank, pair.Value.Scaling), StringComparer.Ordinal);

    /// <summary>Names of the base's tensors that the adapter replaces whole.</summary>
    public IReadOnlyCollection<string> Replaced => _whole.Keys;

    /// <summary>Modules with low-rank parts by path.</summary>
    internal IReadOnlyDictionary<string, AdaptedModule> Modules => _modules;

    /// <summary>Keys of tensors that replace a checkpoint tensor and are trained, by that tensor's name.</summary>
    internal IReadOnlyDictionary<string, string> Whole => _whole;

    /// <summary>Keys of base weights that PEFT stored untouched, by the tensor's name.</summary>
    internal IReadOnlyDictionary<string, string> Kept => _kept;

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool Is(string folder) => System.IO.File.Exists(Path.Combine(folder, AdapterConfig.FileName));

    /// <summary>Reads configuration and header and checks that they fit; no weight is read yet.</summary>
    /// <exception cref="CheckpointException">A file is missing or damaged, a key is unknown, or ranks differ from the configuration's.</exception>
    public static AdapterFolder Open(string folder)
    {
        var config = AdapterConfig.Read(folder);
        string weights = Path.Combine(folder, WeightsFile);
        if (!System.IO.File.Exists(weights) && System.IO.File.Exists(Path.Combine(folder, "adapter_model.bin")))
        {
            throw new CheckpointException($"{folder}: holds adapter_model.bin, a pickle that can run code; load it with PEFT and save it again (safetensors is its default)");
        }

        var opened = new AdapterFolder(folder, config, SafetensorsFile.Open(weights));
        try
        {
            opened.Sort();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();

    /// <summary>What the file puts on which module.</summary>
    internal AdapterPlan Plan() => new(
        _modules.ToDictionary(pair => pair.Key, pair => pair.Value.Rank, StringComparer.Ordinal), _whole.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal));

    private void Sort()
    {
        foreach (string key in File.Entries.Keys.Order(StringComparer.Ordinal))
        {
            if (!key.StartsWith(AdapterPlan.Prefix, StringComparison.Ordinal))
            {
                throw Fault(key, $"expected a name that begins with {AdapterPlan.Prefix}");
            }

            string name = key[AdapterPlan.Prefix.Length..];
            if (Ends(name, A) is { } module)
            {
                Add(module, key, AdapterPlan.Prefix + module + B, embedding: false);
            }
            else if (Ends(name, EmbeddingA) is { } embedding)
            {
                Add(embedding, key, AdapterPlan.Prefix + embedding + EmbeddingB, embedding: true);
            }
            else if (Ends(name, ".base_layer.weight") is { } kept)
            {
                _kept[kept + ".weight"] = key;
            }
            else if (name.Contains(".lora_", StringComparison.Ordinal))
            {
                string partner = Ends(name, B) is { } b ? b + A : Ends(name, EmbeddingB) is { } e ? e + EmbeddingA : Ends(name, MagnitudeKey) is { } m ? m + (File.Entries.ContainsKey(AdapterPlan.Prefix + m + EmbeddingA) ? EmbeddingA : A) : "";
                if (partner.Length == 0 || !File.Entries.ContainsKey(AdapterPlan.Prefix + partner))
                {
                    throw Fault(key, partner.Length == 0 ? "no part of LoRA or DoRA that Ballast knows" : $"its partner {AdapterPlan.Prefix}{partner} is missing");
                }
            }
            else
            {
                _whole[name.Replace(".base_layer.bias", ".bias", StringComparison.Ordinal)] = key;
            }
        }

        if (_modules.Count == 0)
        {
            throw new CheckpointException($"{File.Path}: holds no low-rank parts");
        }
    }

    private void Add(string module, string a, string b, bool embedding)
    {
        if (!File.Entries.TryGetValue(b, out var second))
        {
            throw Fault(a, $"its partner {b} is missing");
        }

        var first = File.Entries[a];
        int rank = Config.RankOf(module);
        if (first.Shape.Length != 2 || second.Shape.Length != 2 || first.Shape[0] != rank || second.Shape[1] != rank)
        {
            throw Fault(a, $"with {b} the shapes are {TensorEntry.ShapeText(first.Shape)} and {TensorEntry.ShapeText(second.Shape)}; adapter_config.json gives this module rank {rank}");
        }

        string magnitude = AdapterPlan.Prefix + module + MagnitudeKey;
        bool has = File.Entries.ContainsKey(magnitude);
        if (has != Config.UseDora)
        {
            throw Fault(a, has ? "it has magnitudes, but use_dora is false" : $"use_dora is true, but {magnitude} is missing");
        }

        if (has && !(File.Entries[magnitude].Shape is [var length] && length == second.Shape[0]))
        {
            throw Fault(magnitude, $"expected [{second.Shape[0]}], a magnitude for each output of the module, found {File.Entries[magnitude].Description}");
        }

        _modules[module] = new AdaptedModule(a, b, has ? magnitude : null, rank, Config.ScalingOf(module), embedding);
    }

    private static string? Ends(string name, string suffix) => name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : null;

    private CheckpointException Fault(string key, string what) => new($"{File.Path}: tensor {PrintableName.Quote(key)}: {what}");
}

/// <summary>The low-rank part of one module in a file.</summary>
/// <param name="A">Key of A.</param>
/// <param name="B">Key of B.</param>
/// <param name="Magnitude">Key of the magnitudes, or null.</param>
/// <param name="Rank">Rank.</param>
/// <param name="Scaling">Factor on B A.</param>
/// <param name="IsEmbedding">Whether the change of the weight is (B A) transposed.</param>
internal sealed record AdaptedModule(string A, string B, string? Magnitude, int Rank, double Scaling, bool IsEmbedding);
