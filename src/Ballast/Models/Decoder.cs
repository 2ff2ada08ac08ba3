using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>A decoder-only transformer, described by its configuration: Llama (Touvron et al., arXiv 2302.13971) and the families near it. Forward, and backward by hand through every part.</summary>
public sealed class Decoder : IDisposable
{
    internal const string EmbeddingName = "model.embed_tokens";
    internal const string HeadName = "lm_head";

    private readonly DecoderParts _parts;
    private readonly double _embeddingScale;

    private Decoder(DecoderConfig config, DType dtype, Device device, bool training)
    {
        Config = config;
        Device = device;
        _embeddingScale = dtype is DType.BF16 ? Rounded(config.EmbeddingScale) : config.EmbeddingScale;
        _parts = new DecoderParts(config, dtype, device);
        Weights = new WeightStore(_parts.Weights, dtype, device, training);
        Trainable = Weights;
    }

    /// <summary>Shape and constants.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device { get; }

    /// <summary>The weights of the model folder; frozen (without gradients) when an adapter is trained.</summary>
    public WeightStore Weights { get; }

    /// <summary>The weights that training changes: <see cref="Weights"/> itself, or the adapter's.</summary>
    public WeightStore Trainable { get; private set; }

    /// <summary>The adapter that is applied, or null.</summary>
    public Adapter? Adapter { get; private set; }

    /// <summary>Every linear layer, the head last.</summary>
    internal IReadOnlyList<Linear> Linears => _parts.Linears;

    /// <summary>The embedding table.</summary>
    internal Weight EmbeddingTable => _parts.Embedding;

    /// <summary>What an adapter adds to the embedding; null: nothing.</summary>
    internal LowRankEmbedding? EmbeddingAdapter { get; set; }

    /// <summary>Whether Backward keeps only each layer's input and computes the layer again (Chen et al., arXiv 1604.06174): same bits, less memory, a forward pass more.</summary>
    public bool ActivationCheckpointing { get; set; }

    /// <summary>Reads a Hugging Face folder, or FOLDER+ADAPTER: that model with an adapter of PEFT's format on it.</summary>
    /// <param name="model">Folder with config.json and safetensors; the adapter's has adapter_config.json and adapter_model.safetensors.</param>
    /// <param name="dtype">Type to compute with: F32, BF16 or F64.</param>
    /// <param name="device">Where to.</param>
    /// <param name="training">Whether gradients (and F32 masters for BF16) are wanted: of the adapter where there is one, else of the model.</param>
    /// <param name="cancellationToken">Ends the reading between two tensors.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, a tensor is missing, unknown or of another shape, or the model is of another family.</exception>
    public static Decoder Load(string model, DType dtype = DType.F32, Device? device = null, bool training = false, CancellationToken cancellationToken = default)
    {
        var name = ModelName.Parse(model);
        if (name.Adapter is null)
        {
            return LoadFolder(name.Folder, dtype, device ?? Device.Cpu, training, cancellationToken);
        }

        var trunk = LoadFolder(name.Folder, dtype, device ?? Device.Cpu, training: false, cancellationToken);
        try
        {
            Adapters.Adapter.Load(trunk, name.Adapter, training);
            return trunk;
        }
        catch
        {
            trunk.Dispose();
            throw;
        }
    }

    private static Decoder LoadFolder(string folder, DType dtype, Device device, bool training, CancellationToken cancellationToken)
    {
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(folder), Path.Combine(folder, "config.json"));
        using var checkpoint = Checkpoint.Open(folder);
        var model = new Decoder(config, dtype, device, training);
        try
        {
            if (config.TieWordEmbeddings && checkpoint.Entries.ContainsKey(HeadName + ".weight"))
            {
                CheckTiedCopy(checkpoint);
            }

            model.Weights.Load(checkpoint, Derived(config), cancellationToken);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>What keeps a Hugging Face folder from being read, from config.json and the headers alone; one line each, empty when nothing does.</summary>
    /// <exception cref="CheckpointException">config.json or the headers cannot be read at all.</exception>
    public static IReadOnlyList<string> Problems(string folder)
    {
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(folder), Path.Combine(folder, ModelFolder.ConfigFile));
        using var checkpoint = Checkpoint.Open(folder);
        using var model = new Decoder(config, DType.BF16, Device.Cpu, training: false);  // memory that is never touched costs nothing
        return [.. CheckpointFit.Problems(model.Weights.Names, checkpoint, Derived(config))];
    }

    /// <summary>A new model with random weights: matrices N(0, initializer_range^2), norms that change nothing, biases 0; the same for the same seed.</summary>
    public static Decoder Create(DecoderConfig config, ulong seed, DType dtype = DType.F32, Device? device = null, bool training = false)
    {
        var model = new Decoder(config, dtype, device ?? Device.Cpu, training);
        model.Weights.Initialize(config.InitializerRange, 1 - config.NormOffset, seed);
        return model;
    }

    /// <summary>Logits [B * T, V] of every token.</summary>
    public Tensor Logits(TokenBatch batch)
    {
        Check(batch);
        using var pass = new Pass(batch, Weights.DType, Device);
        using var x = Decode(pass, null);
        return _parts.Head.Logits(x);
    }

    /// <summary>Loss and hits over the targets of a batch; no gradient.</summary>
    public LossResult Score(TokenBatch batch)
    {
        Check(batch);
        using var pass = new Pass(batch, Weights.DType, Device);
        using var x = Decode(pass, null);
        return _parts.Head.Loss(x, batch, pass, 1, null);
    }

    /// <summary>Forward and backward: adds the gradient of scale * (loss summed over the targets) to <see cref="WeightStore.Grad"/>.</summary>
    /// <param name="batch">Tokens and labels.</param>
    /// <param name="scale">1 / (targets of the whole optimizer step) makes the gradient that of the mean loss per token.</param>
    /// <returns>Loss and hits, not scaled.</returns>
    public LossResult Backward(TokenBatch batch, double scale)
    {
        Check(batch);
        using var pass = new Pass(batch, Weights.DType, Device);
        var saved = new Stack<IDisposable>();
        try
        {
            LossResult result;
            using var dx = pass.NewRows(Config.HiddenSize);
            using (var x = Decode(pass, saved))
            {
                result = _parts.Head.Loss(x, batch, pass, scale, dx);
            }

            for (int i = _parts.Layers.Count - 1; i >= 0; i--)
            {
                if (ActivationCheckpointing)
                {
                    var input = (Tensor)saved.Pop();
                    input = _parts.Layers[i].Attention.Forward(input, pass, saved);
                    _parts.Layers[i].Mlp.Forward(input, pass, saved).Dispose();
                }

                using (var mlp = (Mlp.Saved)saved.Pop())
                {
                    _parts.Layers[i].Mlp.Backward(dx, pass, mlp);
                }

                using var attention = (Attention.Saved)saved.Pop();
                _parts.Layers[i].Attention.Backward(dx, pass, attention);
            }

            if (_embeddingScale != 1)
            {
                dx.Scale(_embeddingScale);
            }

            if (_parts.Embedding.Accumulator() is { } gradient)
            {
                Ops.EmbeddingBackward(pass.Ids, dx, gradient, Config.PadTokenId ?? -1);
            }

            EmbeddingAdapter?.Backward(pass.Ids, dx, Config.PadTokenId ?? -1);
            return result;
        }
        finally
        {
            while (saved.TryPop(out var left))
            {
                left.Dispose();
            }
        }
    }

    /// <summary>Reads texts, padded on the right to their <see cref="TokenBatch.Lengths"/>, into the cache and returns the logits [B, V] after each text's last token.</summary>
    internal Tensor Prefill(TokenBatch batch, KvCache cache)
    {
        Check(batch);
        cache.Decoding = false;
        using var pass = new Pass(batch, Weights.DType, Device, cache);
        using var x = Decode(pass, null);
        using var rows = Tensor.From<long>(batch.Lengths!.Select((length, i) => (long)i * batch.Tokens + length - 1).ToArray(), batch.Batch);
        using var here = rows.To(Device);
        using var last = x.Rows(here);
        return _parts.Head.Logits(last);
    }

    /// <summary>Reads one token per sequence at its position and returns the logits [B, V] after it.</summary>
    internal Tensor Step(int[] tokens, int[] positions, KvCache cache)
    {
        cache.Decoding = true;
        using (var lengths = Tensor.From<long>(Array.ConvertAll(positions, p => p + 1L), positions.Length))
        {
            cache.Lengths.CopyFrom(lengths);
        }

        var batch = new TokenBatch(tokens, tokens.Length, Positions: positions);
        using var pass = new Pass(batch, Weights.DType, Device, cache);
        using var x = Decode(pass, null);
        return _parts.Head.Logits(x);
    }

    /// <summary>Puts an adapter's parts in their places; the decoder owns it from here on.</summary>
    internal void Attach(Adapter adapter) => (Adapter, Trainable) = (adapter, adapter.Weights);

    internal KvCache NewCache(int batch, int capacity) => new(Config, Weights.DType, Device, batch, capacity);

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.Rotary.Dispose();
        Adapter?.Dispose();
        Weights.Dispose();
    }

    // The residual stream after the last layer, [N, D].
    private Tensor Decode(Pass pass, Stack<IDisposable>? saved)
    {
        var x = pass.NewRows(Config.HiddenSize);
        Ops.Embedding(_parts.Embedding.Value, pass.Ids, x);
        EmbeddingAdapter?.Forward(pass.Ids, x);
        if (_embeddingScale != 1)
        {
            x.Scale(_embeddingScale);
        }

        foreach (var (attention, mlp) in _parts.Layers)
        {
            if (ActivationCheckpointing)
            {
                saved?.Push(x.To(Device));
            }

            x = attention.Forward(x, pass, ActivationCheckpointing ? null : saved);
            x = mlp.Forward(x, pass, ActivationCheckpointing ? null : saved);
        }

        return x;
    }

    // In half precision transformers keeps this factor in half precision too.
    private static double Rounded(double factor)
    {
        using var tensor = Tensor.From<double>([factor], 1);
        using var half = tensor.To(Device.Cpu, DType.BF16);
        return half.ToArray<double>()[0];
    }

    private void Check(TokenBatch batch)
    {
        foreach (int id in batch.InputIds)
        {
            if ((uint)id >= (uint)Config.VocabSize)
            {
                throw new CheckpointException($"token id {id} is outside of the model's {Config.VocabSize} embedding rows; the tokenizer does not belong to this model");
            }
        }

        foreach (int label in batch.Labels ?? [])
        {
            if (label != -100 && (uint)label >= (uint)Config.VocabSize)
            {
                throw new CheckpointException($"label {label} is outside of the model's {Config.VocabSize} tokens; -100 means no target");
            }
        }
    }

    // Older files carry the rotary frequencies and, when tied, a copy of the embedding; both follow from the rest.
    private static HashSet<string> Derived(DecoderConfig config) => Enumerable.Range(0, config.NumLayers).Select(i => $"model.layers.{i}.self_attn.rotary_emb.inv_freq")
        .Concat(config.TieWordEmbeddings ? [HeadName + ".weight"] : []).ToHashSet(StringComparer.Ordinal);

    private static void CheckTiedCopy(Checkpoint checkpoint)
    {
        if (checkpoint.Entries.ContainsKey("model.embed_tokens.weight") && !checkpoint.Bytes(HeadName + ".weight").SequenceEqual(checkpoint.Bytes("model.embed_tokens.weight")))
        {
            throw new CheckpointException(
                $"{checkpoint.FileOf(HeadName + ".weight")}: tensor '{HeadName}.weight' differs from 'model.embed_tokens.weight' though config.json ties them; set tie_word_embeddings to false");
        }
    }
}
