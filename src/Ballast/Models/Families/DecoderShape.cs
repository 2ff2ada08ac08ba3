namespace Ballast.Models.Families;

/// <summary>The keys that every family has.</summary>
internal static class DecoderShape
{
    /// <summary>Reads them; an absent key means the family's default.</summary>
    /// <param name="config">The file.</param>
    /// <param name="maxSeqLen">Default of max_position_embeddings.</param>
    /// <param name="kvHeads">Default of num_key_value_heads; null: as many as query heads.</param>
    /// <param name="headDim">Default of head_dim; null: hidden size / heads.</param>
    /// <param name="eps">Default of rms_norm_eps.</param>
    /// <param name="tied">Default of tie_word_embeddings.</param>
    /// <param name="pad">Default of pad_token_id.</param>
    /// <param name="partial">Whether the family can rotate a part of each head only.</param>
    public static DecoderConfig Read(
        ConfigReader config, int maxSeqLen, int? kvHeads = null, int? headDim = null, double eps = 1e-6, bool tied = false, int? pad = null, bool partial = false)
    {
        int hidden = config.Positive("hidden_size"), heads = config.Positive("num_attention_heads");
        int groups = config.Positive("num_key_value_heads", config.Has("num_key_value_heads") ? heads : kvHeads ?? heads);
        int dim = config.Positive("head_dim", config.Has("head_dim") ? hidden / heads : headDim ?? hidden / heads);
        if (heads % groups != 0)
        {
            throw config.Fault("num_key_value_heads", $"{groups}", $"a divisor of num_attention_heads {heads}");
        }

        int length = config.Positive("max_position_embeddings", maxSeqLen);
        var rotary = RotaryScaling.Parse(config, length, out double share);
        if (share != 1 && (!partial || share is not (> 0 and < 1)))
        {
            throw config.Fault("partial_rotary_factor", FormattableString.Invariant($"{share}"), partial ? "a number above 0 and at most 1" : "1; a partial rotation is not supported for this family");
        }

        int rotated = (int)(dim * share);
        if (rotated < 2 || rotated % 2 != 0)
        {
            throw config.Fault("head_dim", $"{dim}", $"an even number of rotated dimensions, not {rotated}");
        }

        (rotary as LongRotary)?.Check(config, rotated);
        return new DecoderConfig
        {
            VocabSize = config.Positive("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = config.Positive("intermediate_size"),
            NumLayers = config.Positive("num_hidden_layers"),
            NumHeads = heads,
            NumKvHeads = groups,
            HeadDim = dim,
            RotaryDim = rotated,
            RmsNormEps = config.Number("rms_norm_eps", eps),
            MaxSeqLen = length,
            Rotary = rotary,
            TieWordEmbeddings = config.Flag("tie_word_embeddings", tied),
            InitializerRange = config.Number("initializer_range", 0.02),
            PadTokenId = config.Token("pad_token_id", pad),
            BosTokenId = config.Token("bos_token_id"),
            EosTokenIds = config.Tokens("eos_token_id"),
        };
    }
}
