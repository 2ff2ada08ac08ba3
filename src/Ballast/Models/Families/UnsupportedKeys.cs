using System.Text.Json.Nodes;

namespace Ballast.Models.Families;

/// <summary>Keys that change the mathematics of a model. One that a family does not read must have the value at which it changes nothing.</summary>
internal static class UnsupportedKeys
{
    // What multiplies, and dropout, which Ballast does not do.
    private static readonly (string Key, double Neutral)[] s_numbers =
    [
        ("partial_rotary_factor", 1), ("embedding_multiplier", 1), ("residual_multiplier", 1), ("attention_multiplier", 1), ("logits_scaling", 1), ("logit_scale", 1),
        ("attention_dropout", 0), ("resid_pdrop", 0), ("embd_pdrop", 0), ("hidden_dropout", 0),
    ];

    // What must be absent, null or false.
    private static readonly string[] s_features =
    [
        "quantization_config", "attention_bias", "mlp_bias", "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "sliding_window",
        "use_sliding_window", "sliding_window_pattern", "num_local_experts", "num_experts", "n_routed_experts", "rope_interleaved", "use_qk_norm", "qk_layernorm",
        "no_rope_layers", "alibi", "clip_qkv", "attention_chunk_size", "use_bidirectional_attention",
    ];

    public static void Check(ConfigReader config, int layers)
    {
        var unread = config.Unread().ToHashSet(StringComparer.Ordinal);
        foreach (var (key, neutral) in s_numbers.Where(pair => unread.Contains(pair.Key)))
        {
            if (config.Number(key, neutral) != neutral)
            {
                throw config.Fault(key, $"{config.Node(key)}", FormattableString.Invariant($"{neutral}; anything else changes the mathematics and is not supported for this family"));
            }
        }

        foreach (string key in s_features.Where(unread.Contains))
        {
            if (config.Node(key) is { } node && !(node is JsonValue value && value.TryGetValue(out bool flag) && !flag))
            {
                throw config.Fault(key, node.ToJsonString(), "no such key; it changes the mathematics and is not supported for this family");
            }
        }

        if (unread.Contains("layer_types"))
        {
            LayerWindows.Read(config, layers, null, _ => false, chosenByFile: false);
        }
    }
}
