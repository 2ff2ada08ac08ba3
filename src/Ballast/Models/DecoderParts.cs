using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The parts of a decoder and their weights under Hugging Face names, as a configuration asks for them.</summary>
internal sealed class DecoderParts
{
    private readonly DecoderConfig _config;
    private readonly List<Weight> _weights = [];
    private readonly List<Linear> _linears = [];

    public DecoderParts(DecoderConfig config, DType dtype, Device device)
    {
        _config = config;
        Rotary = new RotaryEmbedding(config, dtype, device);
        Embedding = NewWeight(config.HiddenSize, (Decoder.EmbeddingName + ".weight", config.VocabSize));
        Layers = [.. Enumerable.Range(0, config.NumLayers).Select(i => (NewAttention(i), NewMlp(i)))];
        var norm = NewNorm("model.norm");
        var table = config.TieWordEmbeddings ? Embedding : NewWeight(config.HiddenSize, (Decoder.HeadName + ".weight", config.VocabSize));
        Head = new LanguageHead(norm, Listed(new Linear(table, null, Decoder.HeadName)), config);
    }

    /// <summary>Every weight, in the order of the layers.</summary>
    public IReadOnlyList<Weight> Weights => _weights;

    /// <summary>Every linear layer, the head last.</summary>
    public IReadOnlyList<Linear> Linears => _linears;

    public Weight Embedding { get; }

    public RotaryEmbedding Rotary { get; }

    public IReadOnlyList<(Attention Attention, Mlp Mlp)> Layers { get; }

    public LanguageHead Head { get; }

    private Attention NewAttention(int i)
    {
        string layer = $"model.layers.{i}.", self = layer + "self_attn.";
        long d = _config.HiddenSize, q = (long)_config.NumHeads * _config.HeadDim, kv = (long)_config.NumKvHeads * _config.HeadDim;
        return new Attention(
            NewNorm(layer + "input_layernorm"),
            _config.FusedProjections
                ? NewLinear(d, _config.AttentionBias, (self + "qkv_proj", q + (2 * kv)))
                : NewLinear(d, _config.AttentionBias, (self + "q_proj", q), (self + "k_proj", kv), (self + "v_proj", kv)),
            _config.QkNorm ? [NewHeadNorm(self + "q_norm", 0, _config.NumHeads), NewHeadNorm(self + "k_norm", _config.NumHeads, _config.NumKvHeads)] : [],
            new OutputProjection(NewLinear(q, _config.OutputBias, (self + "o_proj", d)), _config.PostNorms ? NewNorm(layer + "post_attention_layernorm") : null),
            Rotary, _config, i);
    }

    private Mlp NewMlp(int i)
    {
        string layer = $"model.layers.{i}.", mlp = layer + "mlp.";
        long d = _config.HiddenSize, inner = _config.IntermediateSize;
        return new Mlp(
            NewNorm(layer + (_config.PostNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm")),
            _config.FusedProjections
                ? NewLinear(d, _config.MlpBias, (mlp + "gate_up_proj", 2 * inner))
                : NewLinear(d, _config.MlpBias, (mlp + "gate_proj", inner), (mlp + "up_proj", inner)),
            new OutputProjection(NewLinear(inner, _config.MlpBias, (mlp + "down_proj", d)), _config.PostNorms ? NewNorm(layer + "post_feedforward_layernorm") : null),
            _config);
    }

    private Weight NewWeight(long columns, params (string, long)[] slices)
    {
        _weights.Add(new Weight(columns, slices));
        return _weights[^1];
    }

    private Linear NewLinear(long columns, bool bias, params (string Name, long Rows)[] slices) => Listed(new(
        NewWeight(columns, [.. slices.Select(s => (s.Name + ".weight", s.Rows))]),
        bias ? NewWeight(0, [.. slices.Select(s => (s.Name + ".bias", s.Rows))]) : null));

    private Linear Listed(Linear linear)
    {
        _linears.Add(linear);
        return linear;
    }

    private RmsNorm NewNorm(string name) => new(NewWeight(0, (name + ".weight", _config.HiddenSize)), _config);

    private HeadNorm NewHeadNorm(string name, int first, int heads) => new(NewWeight(0, (name + ".weight", _config.HeadDim)), _config.RmsNormEps, first, heads);
}
