using System.Globalization;

namespace Ballast.Models;

/// <summary>What a configuration asks for beyond plain Llama, in words.</summary>
public static class DecoderFeatures
{
    /// <summary>One phrase for each feature; none for a plain Llama.</summary>
    public static IReadOnlyList<string> Of(DecoderConfig config)
    {
        (bool Asked, string Words)[] parts = [(config.AttentionBias, "q, k, v"), (config.OutputBias, "o"), (config.MlpBias, "gate, up, down")];
        string biases = string.Join(", ", parts.Where(part => part.Asked).Select(part => part.Words));
        (bool Asked, string Words)[] all =
        [
            (config.TieWordEmbeddings, "tied embeddings"),
            (biases.Length > 0, $"biases on {biases}"),
            (config.FusedProjections, "fused qkv_proj and gate_up_proj"),
            (config.QkNorm, "norms of query and key heads"),
            (config.PostNorms, "four norms a layer"),
            (config.NormOffset != 0, $"norms times {Text(config.NormOffset)} + w"),
            (config.EmbeddingScale != 1, $"embeddings times {Text(config.EmbeddingScale)}"),
            (config.Activation is Activation.GeluTanh, "GeLU (tanh)"),
            (config.AttentionScale != 1 / Math.Sqrt(config.HeadDim), $"attention scores times {Text(config.AttentionScale)}"),
            (config.AttentionSoftcap > 0, $"attention scores capped at {Text(config.AttentionSoftcap)}"),
            (config.FinalSoftcap > 0, $"logits capped at {Text(config.FinalSoftcap)}"),
            (config.RotaryDim != config.HeadDim, $"{config.RotaryDim} of {config.HeadDim} dimensions rotated"),
            (config.Rotary.Kind != "default", $"rotary {config.Rotary.Kind}{(config.Rotary.ShortLength is { } length ? $" from {length + 1} tokens on" : "")}"),
            .. config.Windows.OfType<int>().CountBy(window => window).Select(pair => (true, $"window of {pair.Key} tokens on {pair.Value} of {config.NumLayers} layers")),
        ];
        return [.. all.Where(feature => feature.Asked).Select(feature => feature.Words)];
    }

    private static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
