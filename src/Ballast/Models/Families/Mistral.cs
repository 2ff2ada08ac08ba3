namespace Ballast.Models.Families;

/// <summary>Mistral 7B (Jiang et al., arXiv 2310.06825): Llama with a sliding window on every layer, which later versions set to null.</summary>
internal static class Mistral
{
    public static Family Family { get; } = new("mistral", "Mistral 7B, Nemo, Zephyr: sliding window on every layer", Read);

    private static DecoderConfig Read(ConfigReader config)
    {
        config.OneOf("hidden_act", "silu");
        var shape = DecoderShape.Read(config, maxSeqLen: 131072, kvHeads: 8);
        return shape with { Windows = LayerWindows.Read(config, shape.NumLayers, LayerWindows.Size(config, 4096), _ => true, chosenByFile: false) };
    }
}
