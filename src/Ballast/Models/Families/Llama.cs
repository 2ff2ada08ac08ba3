namespace Ballast.Models.Families;

/// <summary>Llama (Touvron et al., arXiv 2302.13971): RMSNorm before each half, rotary positions, SwiGLU; grouped queries from Llama 2 70B on.</summary>
internal static class Llama
{
    public static Family Family { get; } = new("llama", "Llama 2, 3, 3.1 and 3.2, TinyLlama, SmolLM", Read);

    private static DecoderConfig Read(ConfigReader config)
    {
        config.OneOf("hidden_act", "silu");
        bool bias = config.Flag("attention_bias", false);
        return DecoderShape.Read(config, maxSeqLen: 2048) with { AttentionBias = bias, OutputBias = bias, MlpBias = config.Flag("mlp_bias", false) };
    }
}
