namespace Ballast.Models.Families;

/// <summary>Qwen 3 (arXiv 2505.09388): Qwen 2 with an RMSNorm on each query and key head instead of the biases.</summary>
internal static class Qwen3
{
    public static Family Family { get; } = new("qwen3", "Qwen 3 dense: norms on query and key heads", Read);

    private static DecoderConfig Read(ConfigReader config)
    {
        config.OneOf("hidden_act", "silu");
        bool bias = config.Flag("attention_bias", false);
        var shape = DecoderShape.Read(config, maxSeqLen: 32768, kvHeads: 32, headDim: 128);
        return shape with { QkNorm = true, AttentionBias = bias, OutputBias = bias, Windows = Qwen2.Windows(config, shape.NumLayers) };
    }
}
