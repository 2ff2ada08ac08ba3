namespace Ballast.Models.Families;

/// <summary>Phi-3, 3.5 and 4 (arXiv 2404.14219): Llama with q, k, v stored as one tensor and gate, up as another, a sliding window, LongRoPE, partial rotation.</summary>
internal static class Phi3
{
    public static Family Family { get; } = new("phi3", "Phi-3, 3.5 and 4 dense: fused tensors, LongRoPE, sliding window", Read);

    private static DecoderConfig Read(ConfigReader config)
    {
        config.OneOf("hidden_act", "silu");
        var shape = DecoderShape.Read(config, maxSeqLen: 4096, eps: 1e-5, pad: 32000, partial: true);
        return shape with
        {
            FusedProjections = true,
            Windows = LayerWindows.Read(config, shape.NumLayers, LayerWindows.Size(config, null), _ => true, chosenByFile: false),
        };
    }
}
