using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The tensors of a base model with an adapter merged into them, one at a time: W + s B A, for DoRA m (W + s B A) / |W + s B A|, of an embedding by columns, computed in F32.</summary>
/// <remarks>
/// A base that shares embedding and head, and an adapter that changes one of them, give a model in which they are two: what the adapter does is kept. (PEFT changes both.)
/// </remarks>
public sealed class AdapterMerge : IDisposable
{
    private const string Embedding = Decoder.EmbeddingName + ".weight";
    private const string Head = Decoder.HeadName + ".weight";

    private readonly Checkpoint _base;
    private readonly AdapterFolder _adapter;
    private readonly Dictionary<string, TensorEntry> _entries;
    private readonly double _scale;

    private AdapterMerge(Checkpoint trunk, AdapterFolder adapter, bool tied, double scale)
    {
        (_base, _adapter, _scale) = (trunk, adapter, scale);
        _entries = new Dictionary<string, TensorEntry>(trunk.Entries, StringComparer.Ordinal);
        HeadUntied = tied && (Changes(Embedding) || Changes(Head));
        if (HeadUntied)
        {
            var table = _entries[Embedding];
            _entries[Head] = TensorEntry.Create(Head, table.DType, table.Shape);
        }

        foreach (string tensor in _adapter.Modules.Keys.Select(module => module + ".weight").Concat(_adapter.Whole.Keys).Concat(_adapter.Kept.Keys))
        {
            if (!_entries.ContainsKey(tensor))
            {
                throw new CheckpointException($"{_adapter.File.Path}: the base model in {trunk.Folder} has no tensor {PrintableName.Quote(tensor)}; the adapter belongs to another model");
            }
        }
    }

    /// <summary>Tensors of the merged model: those of the base with their types, and a head of its own where <see cref="HeadUntied"/>.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries => _entries;

    /// <summary>Whether embedding and head were one tensor in the base and are two in the merged model.</summary>
    public bool HeadUntied { get; }

    /// <summary>The adapter.</summary>
    public AdapterFolder Adapter => _adapter;

    /// <summary>Opens base and adapter; no weight is read yet.</summary>
    /// <param name="model">FOLDER+ADAPTER.</param>
    /// <param name="scale">Factor on the adapter's scaling.</param>
    /// <exception cref="CheckpointException">A part is missing, damaged or does not fit.</exception>
    public static AdapterMerge Open(ModelName model, double scale = 1)
    {
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(model.Folder), Path.Combine(model.Folder, ModelFolder.ConfigFile));
        var trunk = Checkpoint.Open(model.Folder);
        AdapterFolder? adapter = null;
        try
        {
            adapter = AdapterFolder.Open(model.Adapter ?? throw new ArgumentException("the name has no adapter", nameof(model)));
            return new AdapterMerge(trunk, adapter, config.TieWordEmbeddings, scale);
        }
        catch
        {
            adapter?.Dispose();
            trunk.Dispose();
            throw;
        }
    }

    /// <summary>Whether the adapter changes a tensor of the base.</summary>
    public bool Changes(string name) =>
        _adapter.Whole.ContainsKey(name) || _adapter.Kept.ContainsKey(name) || name.EndsWith(".weight", StringComparison.Ordinal) && _adapter.Modules.ContainsKey(name[..^".weight".Length]);

    /// <summary>A tensor of the merged model on the CPU, in F32 (F64 where the base is); not rounded to the base's type. The caller disposes it.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, a shape does not fit, or a value is not finite.</exception>
    public Tensor Merged(string name)
    {
        var entry = _entries.TryGetValue(name, out var found) ? found : throw new CheckpointException($"{_base.Folder}: there is no tensor {PrintableName.Quote(name)}");
        var wide = entry.DType is DType.F64 ? DType.F64 : DType.F32;
        string source = _base.Entries.ContainsKey(name) ? name : Embedding;
        var weight = _adapter.Whole.TryGetValue(name, out string? whole) || _adapter.Kept.TryGetValue(name, out whole)
            ? Read(_adapter.File.Entries[whole], _adapter.File.Content(whole), wide)
            : Read(_base.Entries[source], _base.Content(source), wide);
        try
        {
            if (!weight.Shape.AsSpan().SequenceEqual(entry.Shape))
            {
                throw new CheckpointException($"{_adapter.File.Path}: the tensor for {PrintableName.Quote(name)} has shape {TensorEntry.ShapeText(weight.Shape)}; the base's is {TensorEntry.ShapeText(entry.Shape)}");
            }

            if (name.EndsWith(".weight", StringComparison.Ordinal) && _adapter.Modules.TryGetValue(name[..^".weight".Length], out var module))
            {
                var plain = weight;
                weight = Adapted(module, plain, wide);
                plain.Dispose();
            }

            return double.IsFinite(weight.SquareSum()) ? weight : throw new CheckpointException($"{_base.Folder} with {_adapter.Folder}: tensor {PrintableName.Quote(name)} is not finite (NaN or infinity)");
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _adapter.Dispose();
        _base.Dispose();
    }

    private Tensor Adapted(AdaptedModule module, Tensor weight, DType wide)
    {
        using Tensor a = Read(module.A, wide), b = Read(module.B, wide);
        long rows = module.IsEmbedding ? a.Shape[1] : b.Shape[0], columns = module.IsEmbedding ? b.Shape[0] : a.Shape[1];
        if (weight.Shape.Length != 2 || weight.Shape[0] != rows || weight.Shape[1] != columns)
        {
            throw new CheckpointException($"{_adapter.File.Path}: tensor {PrintableName.Quote(module.A)}: the adapter changes a matrix [{rows}, {columns}]; the base's is {TensorEntry.ShapeText(weight.Shape)}");
        }

        double scaling = _scale * module.Scaling;
        var sum = module.IsEmbedding ? LowRankEmbedding.Adapted(weight, a, b, scaling) : LowRank.Adapted(weight, a, b, scaling);
        if (module.Magnitude is { } key)
        {
            using Tensor turned = sum.Transposed(), factor = Read(key, wide), norms = Magnitude.Norms(module.IsEmbedding ? turned : sum);
            factor.Divide(norms);
            (module.IsEmbedding ? sum : turned).Multiply(factor);
        }

        return sum;
    }

    private Tensor Read(string key, DType type) => Read(_adapter.File.Entries[key], _adapter.File.Content(key), type);

    private static Tensor Read(TensorEntry entry, TensorBytes content, DType type)
    {
        if (!entry.DType.IsFloat)
        {
            throw new CheckpointException($"tensor {PrintableName.Quote(entry.Name)} is {entry.Description}; expected floats");
        }

        var tensor = Tensor.Empty(type, Device.Cpu, entry.Shape);
        WeightStore.Fill(tensor, content, entry);
        return tensor;
    }
}
