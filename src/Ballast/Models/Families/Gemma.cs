namespace Ballast.Models.Families;

/// <summary>Gemma (arXiv 2403.08295): norms that multiply by 1 + w, embeddings times sqrt(hidden size), GeGLU, tied embeddings.</summary>
internal static class Gemma
{
    public static Family Family { get; } = new("gemma", "Gemma 1: 1 + w norms, scaled embeddings, GeGLU", Read);

    /// <summary>What Gemma 1 and 2 share.</summary>
    public static DecoderConfig Read(ConfigReader config)
    {
        // Old files say gelu and mean its tanh form; hidden_activation, where present, goes before hidden_act.
        config.OneOf("hidden_activation", "gelu_pytorch_tanh");
        config.OneOf("hidden_act", "gelu_pytorch_tanh", "gelu");
        bool bias = config.Flag("attention_bias", false);
        var shape = DecoderShape.Read(config, maxSeqLen: 8192, kvHeads: 16, headDim: 256, tied: true, pad: 0);
        return shape with
        {
            Activation = Activation.GeluTanh,
            NormOffset = 1,
            EmbeddingScale = Math.Sqrt(shape.HiddenSize),
            AttentionBias = bias,
            OutputBias = bias,
        };
    }
}
