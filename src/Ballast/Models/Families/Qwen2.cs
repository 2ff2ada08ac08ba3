namespace Ballast.Models.Families;

/// <summary>Qwen 2 and 2.5 (arXiv 2407.10671, 2412.15115): Llama with biases on q, k and v; a window on the upper layers only if use_sliding_window.</summary>
internal static class Qwen2
{
    public static Family Family { get; } = new("qwen2", "Qwen 2 and 2.5: biases on q, k and v", Read);

    /// <summary>The windows of Qwen 2 and 3: layers from max_window_layers on, unless layer_types says otherwise.</summary>
    public static IReadOnlyList<int?> Windows(ConfigReader config, int layers)
    {
        int? size = LayerWindows.Size(config, 4096);
        double first = config.Number("max_window_layers", 28);
        return LayerWindows.Read(config, layers, config.Flag("use_sliding_window", false) ? size : null, i => i >= first, chosenByFile: true);
    }

    private static DecoderConfig Read(ConfigReader config)
    {
        config.OneOf("hidden_act", "silu");
        var shape = DecoderShape.Read(config, maxSeqLen: 32768, kvHeads: 32);
        return shape with { AttentionBias = true, Windows = Windows(config, shape.NumLayers) };
    }
}
