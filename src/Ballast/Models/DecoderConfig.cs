using System.Text.Json.Nodes;

namespace Ballast.Models;

/// <summary>The shape and the constants of a decoder, read from a Hugging Face config.json of transformers 4 or 5.</summary>
public sealed record DecoderConfig
{
    /// <summary>Rows of the embedding table, V.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream, D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Inner width of the MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Query heads, H.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Key and value heads, K; divides the query heads.</summary>
    public required int NumKvHeads { get; init; }

    /// <summary>Size of one head, C; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>Rotary frequencies.</summary>
    public required RotaryScaling Rotary { get; init; }

    /// <summary>Largest number of tokens the model was made for.</summary>
    public required int MaxSeqLen { get; init; }

    /// <summary>Whether the output layer is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Whether q, k, v and o have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether gate, up and down have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Standard deviation of new weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The padding token, whose embedding row gets no gradient from the input side (as in torch); null: none.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The first token of a text; null: none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Keys of the file that Ballast does not use and that do not change the mathematics.</summary>
    public IReadOnlyList<string> IgnoredKeys { get; init; } = [];

    /// <summary>Values of model_type that are supported.</summary>
    public static IReadOnlyList<string> Families { get; } = ["llama"];

    /// <summary>Total number of parameters, tied embeddings counted once.</summary>
    public long ParameterCount
    {
        get
        {
            long d = HiddenSize, q = (long)NumHeads * HeadDim, kv = (long)NumKvHeads * HeadDim, inner = IntermediateSize;
            long layer = d * (q + 2 * kv) + q * d + 3 * d * inner + 2 * d;
            layer += AttentionBias ? q + 2 * kv + d : 0;
            layer += MlpBias ? 2 * inner + d : 0;
            return (TieWordEmbeddings ? 1 : 2) * (long)VocabSize * d + NumLayers * layer + d;
        }
    }

    /// <summary>Reads a parsed config.json.</summary>
    /// <param name="json">The file's content.</param>
    /// <param name="path">The file's path, for messages.</param>
    /// <exception cref="CheckpointException">A key is missing, has an impossible value, or asks for mathematics that is not supported.</exception>
    public static DecoderConfig Parse(JsonObject json, string path)
    {
        var reader = new ConfigReader(json, path);
        string family = reader.Text("model_type", "");
        if (!Families.Contains(family))
        {
            throw reader.Fault("model_type", $"'{family}'", $"one of the supported families: {string.Join(", ", Families)}");
        }

        reader.Only("hidden_act", "silu");
        reader.Neutral(
            ("attention_dropout", 0), ("partial_rotary_factor", 1), ("embedding_multiplier", 1), ("residual_multiplier", 1), ("attention_multiplier", 1),
            ("logits_scaling", 1), ("logit_scale", 1));
        reader.Absent(
            "quantization_config", "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "num_local_experts", "num_experts",
            "layer_types", "rope_interleaved", "use_qk_norm", "no_rope_layers", "alibi");
        reader.Ignore("architectures", "model_type", "torch_dtype", "dtype", "transformers_version", "_name_or_path", "use_cache", "pretraining_tp");

        int hidden = reader.Positive("hidden_size"), heads = reader.Positive("num_attention_heads");
        int kvHeads = reader.Positive("num_key_value_heads", heads);
        int headDim = reader.Positive("head_dim", hidden / heads);
        if (heads % kvHeads != 0)
        {
            throw reader.Fault("num_key_value_heads", kvHeads.ToString(), $"a divisor of num_attention_heads {heads}");
        }

        if (headDim % 2 != 0)
        {
            throw reader.Fault("head_dim", headDim.ToString(), "an even number");
        }

        var config = new DecoderConfig
        {
            VocabSize = reader.Positive("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = reader.Positive("intermediate_size"),
            NumLayers = reader.Positive("num_hidden_layers"),
            NumHeads = heads,
            NumKvHeads = kvHeads,
            HeadDim = headDim,
            RmsNormEps = reader.Number("rms_norm_eps", 1e-6),
            MaxSeqLen = reader.Positive("max_position_embeddings", 2048),
            Rotary = RotaryScaling.Parse(reader),
            TieWordEmbeddings = reader.Flag("tie_word_embeddings", false),
            AttentionBias = reader.Flag("attention_bias", false),
            MlpBias = reader.Flag("mlp_bias", false),
            InitializerRange = reader.Number("initializer_range", 0.02),
            PadTokenId = reader.Token("pad_token_id"),
            BosTokenId = reader.Token("bos_token_id"),
            EosTokenIds = reader.Tokens("eos_token_id"),
        };
        return config with { IgnoredKeys = reader.Unread() };
    }
}
