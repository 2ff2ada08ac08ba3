using System.Text.Json.Nodes;

namespace Ballast.Models;

/// <summary>The shape and the constants of a decoder, read from a Hugging Face config.json of transformers 4 or 5.</summary>
public sealed record DecoderConfig
{
    /// <summary>The family, model_type.</summary>
    public string Family { get; init; } = "llama";

    /// <summary>Rows of the embedding table, V.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream, D.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Inner width of the MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Query heads, H.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Key and value heads, K; divides the query heads.</summary>
    public required int NumKvHeads { get; init; }

    /// <summary>Size of one head, C.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Dimensions of each head that are rotated, the first ones; even, at most <see cref="HeadDim"/>, its default.</summary>
    public int RotaryDim
    {
        get => field > 0 ? field : HeadDim;
        init;
    }

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>Rotary frequencies.</summary>
    public required RotaryScaling Rotary { get; init; }

    /// <summary>Largest number of tokens the model was made for.</summary>
    public required int MaxSeqLen { get; init; }

    /// <summary>Whether the output layer is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Whether q, k and v have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether o has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Whether gate, up and down have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Whether the checkpoint holds q, k and v as one tensor, and gate and up as another.</summary>
    public bool FusedProjections { get; init; }

    /// <summary>Whether each query and key head is normalized before it is rotated.</summary>
    public bool QkNorm { get; init; }

    /// <summary>Whether each half of a layer is normalized once more before it is added.</summary>
    public bool PostNorms { get; init; }

    /// <summary>Added to the weight of every norm: 0, or 1 where norms multiply by 1 + w.</summary>
    public double NormOffset { get; init; }

    /// <summary>What the gate of the MLP passes through.</summary>
    public Activation Activation { get; init; }

    /// <summary>Factor on the embeddings.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Factor on attention scores; 1 / sqrt(<see cref="HeadDim"/>) by default.</summary>
    public double AttentionScale
    {
        get => field > 0 ? field : 1 / Math.Sqrt(HeadDim);
        init;
    }

    /// <summary>Attention scores s become cap * tanh(s / cap); 0: no cap.</summary>
    public double AttentionSoftcap { get; init; }

    /// <summary>Logits become cap * tanh(logit / cap); 0: no cap.</summary>
    public double FinalSoftcap { get; init; }

    /// <summary>Tokens that each layer sees, the token itself included; null: all before it; empty: no layer has a window.</summary>
    public IReadOnlyList<int?> Windows { get; init; } = [];

    /// <summary>Standard deviation of new weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>The padding token, whose embedding row gets no gradient from the input side (as in torch); null: none.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The first token of a text; null: none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Keys of the file that Ballast does not use and that do not change the mathematics.</summary>
    public IReadOnlyList<string> IgnoredKeys { get; init; } = [];

    /// <summary>Total number of parameters, tied embeddings counted once.</summary>
    public long ParameterCount
    {
        get
        {
            long d = HiddenSize, q = (long)NumHeads * HeadDim, kv = (long)NumKvHeads * HeadDim, inner = IntermediateSize;
            long layer = d * (q + 2 * kv) + q * d + 3 * d * inner + (PostNorms ? 4 : 2) * d;
            layer += (AttentionBias ? q + 2 * kv : 0) + (OutputBias ? d : 0) + (MlpBias ? 2 * inner + d : 0) + (QkNorm ? 2 * HeadDim : 0);
            return (TieWordEmbeddings ? 1 : 2) * (long)VocabSize * d + NumLayers * layer + d;
        }
    }

    /// <summary>Tokens that a layer sees; null: all before it.</summary>
    /// <param name="layer">Number of the layer, from 0.</param>
    public int? Window(int layer) => Windows.Count > 0 ? Windows[layer] : null;

    /// <summary>Reads a parsed config.json.</summary>
    /// <param name="json">The file's content.</param>
    /// <param name="path">The file's path, for messages.</param>
    /// <exception cref="CheckpointException">A key is missing, has an impossible value, or asks for mathematics that is not supported.</exception>
    public static DecoderConfig Parse(JsonObject json, string path) => Families.Family.Read(new ConfigReader(json, path));
}
