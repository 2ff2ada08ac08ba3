namespace Ballast.Models.Families;

/// <summary>Gemma 2 (arXiv 2408.00118): Gemma with a second norm after each half, soft caps on attention scores and logits, and a window on every other layer.</summary>
internal static class Gemma2
{
    public static Family Family { get; } = new("gemma2", "Gemma 2: four norms a layer, soft caps, window on every other layer", Read);

    private static DecoderConfig Read(ConfigReader config)
    {
        var shape = Gemma.Read(config);
        return shape with
        {
            PostNorms = true,
            AttentionScale = Math.Pow(config.Number("query_pre_attn_scalar", 256), -0.5),
            AttentionSoftcap = config.NumberOrNone("attn_logit_softcapping", 50) ?? 0,
            FinalSoftcap = config.NumberOrNone("final_logit_softcapping", 30) ?? 0,
            Windows = LayerWindows.Read(config, shape.NumLayers, LayerWindows.Size(config, 4096), i => i % 2 == 0, chosenByFile: true),
        };
    }
}
