using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>A LoRA adapter on a model: its weights, and what they do to the model's layers. The model's own weights stay as they are.</summary>
public sealed class Adapter : IDisposable
{
    private readonly Decoder _model;
    private readonly List<LowRank> _parts = [];
    private readonly LowRankEmbedding? _embedding;
    private readonly List<Weight> _rows = [];
    private WeightStore? _head;

    private Adapter(Decoder model, AdapterConfig config, AdapterPlan plan, bool training)
    {
        (_model, Config, Dropout) = (model, config, new AdapterDropout(config.Dropout));
        var weights = new List<Weight>();
        foreach (var linear in model.Linears)
        {
            var modules = linear.Modules.ToList();
            if (modules.Any(module => plan.Modules.ContainsKey(module.Name)))
            {
                Add(linear, modules, plan, weights);
            }
        }

        if (plan.Modules.TryGetValue(Decoder.EmbeddingName, out int rank))
        {
            string name = AdapterPlan.Prefix + Decoder.EmbeddingName;
            Weight a = New(model.Config.VocabSize, (name + ".lora_embedding_A", rank)), b = New(rank, (name + ".lora_embedding_B", model.Config.HiddenSize));
            var m = config.UseDora ? new Magnitude(New(0, (name + ".lora_magnitude_vector", model.Config.HiddenSize))) : null;
            model.EmbeddingAdapter = _embedding = new LowRankEmbedding(model.EmbeddingTable, a, b, config.ScalingOf(Decoder.EmbeddingName), m);
        }

        foreach (var (key, tensor) in plan.Trained)
        {
            Train(key, tensor, weights);
        }

        Weights = new WeightStore(weights, model.Weights.DType, model.Device, training) { Changed = Refresh };
        model.Attach(this);

        Weight New(long columns, (string, long) slice)
        {
            weights.Add(new Weight(columns, slice));
            return weights[^1];
        }
    }

    /// <summary>Ranks, scaling and targets.</summary>
    public AdapterConfig Config { get; }

    /// <summary>The adapter's weights under their names in adapter_model.safetensors.</summary>
    public WeightStore Weights { get; }

    /// <summary>Dropout while training.</summary>
    internal AdapterDropout Dropout { get; }

    /// <summary>Puts a new adapter on a model that was loaded without gradients; the model's function is unchanged bit for bit.</summary>
    /// <param name="model">The base; it owns the adapter from here on.</param>
    /// <param name="config">The adapter.</param>
    /// <param name="seed">Seed of A.</param>
    /// <param name="gaussian">A from N(0, 1 / r^2) instead of uniform within 1 / sqrt(in).</param>
    /// <exception cref="ConfigException">The configuration does not fit the model.</exception>
    public static Adapter Create(Decoder model, AdapterConfig config, ulong seed, bool gaussian = false)
    {
        var plan = AdapterPlan.Of(config, model);
        var adapter = new Adapter(model, config, plan, training: true);
        AdapterInitialization.Fill(adapter.Weights, model.Weights, seed, gaussian);
        adapter.Weights.Publish();  // magnitudes are the norms of what the model computes with
        foreach (var part in adapter._parts)
        {
            part.InitializeMagnitudes();
        }

        adapter._embedding?.InitializeMagnitude();
        adapter.Weights.Publish();
        return adapter;
    }

    /// <summary>Puts an adapter of PEFT's format on a model.</summary>
    /// <param name="model">The base; it owns the adapter from here on.</param>
    /// <param name="folder">Folder with adapter_config.json and adapter_model.safetensors.</param>
    /// <param name="training">Whether gradients (and F32 masters for BF16) of the adapter are wanted.</param>
    /// <param name="scale">Factor on the adapter's scaling: 0 switches the low-rank parts off (not the magnitudes of DoRA), 1 is the adapter itself.</param>
    /// <exception cref="CheckpointException">The adapter is damaged or does not fit the model.</exception>
    public static Adapter Load(Decoder model, string folder, bool training = false, double scale = 1)
    {
        using var source = AdapterFolder.Open(folder);
        var known = model.Linears.SelectMany(linear => linear.Modules).Select(module => module.Name).Append(Decoder.EmbeddingName).ToHashSet(StringComparer.Ordinal);
        foreach (var (module, part) in source.Modules)
        {
            if (!known.Contains(module) || part.IsEmbedding != (module == Decoder.EmbeddingName))
            {
                throw new CheckpointException($"{source.File.Path}: tensor {PrintableName.Quote(part.A)}: the base model has no {(part.IsEmbedding ? "embedding" : "linear layer")} {module}; the adapter belongs to another model");
            }
        }

        var adapter = new Adapter(model, source.Config.Scaled(scale), source.Plan(), training);
        adapter.KeepBase(source);
        foreach (var (key, view) in adapter.Weights.Views())
        {
            using (view)
            {
                Copy(source.File, key, view);
            }
        }

        adapter.Weights.Publish();
        return adapter;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.ForEach(part => part.Dispose());
        _embedding?.Dispose();
        Weights.Dispose();
        _head?.Dispose();
    }

    private static void Copy(SafetensorsFile file, string key, Tensor view)
    {
        var entry = file.Entries[key];
        if (!entry.Shape.AsSpan().SequenceEqual(view.Shape) || !entry.DType.IsFloat)
        {
            throw new CheckpointException($"{file.Path}: tensor {PrintableName.Quote(key)} is {entry.Description}; the base model asks for floats of shape {TensorEntry.ShapeText(view.Shape)}");
        }

        WeightStore.Fill(view, file.Content(key), entry);
    }

    private void Add(Linear linear, List<(string Name, long Rows)> modules, AdapterPlan plan, List<Weight> weights)
    {
        var adapted = modules.Where(module => plan.Modules.ContainsKey(module.Name)).ToList();
        var a = new Weight(linear.Inputs, [.. adapted.Select(module => ($"{AdapterPlan.Prefix}{module.Name}.lora_A.weight", (long)plan.Modules[module.Name]))]);
        weights.Add(a);
        var parts = new List<LowRankPart>();
        long row = 0, first = 0;
        foreach (var (name, rows) in modules)
        {
            if (plan.Modules.TryGetValue(name, out int rank))
            {
                var b = new Weight(rank, ($"{AdapterPlan.Prefix}{name}.lora_B.weight", rows));
                var m = Config.UseDora ? new Weight(0, ($"{AdapterPlan.Prefix}{name}.lora_magnitude_vector", rows)) : null;
                parts.Add(new LowRankPart(row, rows, first, rank, Config.ScalingOf(name), b, m is null ? null : new Magnitude(m)));
                weights.AddRange(m is null ? [b] : [b, m]);
                first += rank;
            }

            row += rows;
        }

        linear.Adapter = new LowRank(linear, a, parts, Dropout, Hash.Of(adapted[0].Name));
        _parts.Add(linear.Adapter);
    }

    // A tensor of the base that the adapter replaces and trains.
    private void Train(string key, string tensor, List<Weight> weights)
    {
        if (_model.Config.TieWordEmbeddings && _head is null && tensor is (Decoder.HeadName + ".weight") or (Decoder.EmbeddingName + ".weight"))
        {
            Untie();
        }

        foreach (var weight in _head is null ? _model.Weights.Weights : [.. _model.Weights.Weights, .. _head.Weights])
        {
            long row = 0;
            foreach (var (name, rows) in weight.Slices)
            {
                if (name == tensor)
                {
                    var own = new Weight(weight.IsMatrix ? weight.Shape[1] : 0, (key, rows));
                    weight.Train(row, own);
                    weights.Add(own);
                    _rows.Add(weight);
                    return;
                }

                row += rows;
            }
        }

        throw new CheckpointException($"tensor {PrintableName.Quote(key)} of the adapter: the base model has no tensor {PrintableName.Quote(tensor)}");
    }

    // Embedding and head go separate ways from here on.
    private void Untie()
    {
        var own = new Weight(_model.Config.HiddenSize, (Decoder.HeadName + ".weight", _model.Config.VocabSize));
        _head = new WeightStore([own], _model.Weights.DType, _model.Device, training: false);
        own.Value.CopyFrom(_model.EmbeddingTable.Value);
        _model.Linears[^1].Weight = own;
    }

    // PEFT stores the base weight beside an adapter on an embedding or a head; where it differs, it rules.
    private void KeepBase(AdapterFolder source)
    {
        foreach (var (tensor, key) in source.Kept)
        {
            foreach (var (name, view) in _model.Weights.Views())
            {
                using (view)
                {
                    if (name == tensor)
                    {
                        Copy(source.File, key, view);
                    }
                }
            }
        }

        _model.Weights.Publish();
    }

    private void Refresh()
    {
        _rows.ForEach(weight => weight.TakeTrained());
        _parts.ForEach(part => part.Refresh());
        _embedding?.Refresh();
    }
}
