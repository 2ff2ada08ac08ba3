using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Planning;

/// <summary>Bytes of the tensors that one pass through a decoder makes; follows Models/ line by line.</summary>
/// <param name="config">The model's shape.</param>
/// <param name="dtype">Element type of the passes.</param>
/// <param name="rows">Token places of the batch, N = B x T.</param>
/// <param name="tokens">Token places of one sequence, T.</param>
internal sealed class ActivationMemory(DecoderConfig config, DType dtype, long rows, long tokens)
{
    private const long GluTemporaries = 10;  // of the gated unit's backward pass in plain ATen
    private const long SplitBytes = 6, SplitDepth = 256, MostSplit = 12 << 20, SmallestSplit = 192;  // of native/gemm.cpp: three bfloat16 parts per element, from so many rows on

    private readonly long _element = dtype.BitSize / 8;
    private readonly long _d = config.HiddenSize;
    private readonly long _q = (long)config.NumHeads * config.HeadDim;
    private readonly long _qkv = ((long)config.NumHeads + 2 * config.NumKvHeads) * config.HeadDim;
    private readonly long _inner = config.IntermediateSize;
    private readonly long _post = config.PostNorms ? config.HiddenSize : 0;  // what a second norm of a half keeps, and again what it makes
    private readonly long _heads = config.QkNorm ? (long)(config.NumHeads + config.NumKvHeads) * config.HeadDim : 0;

    /// <summary>Tensors [N, columns], one for each number.</summary>
    public long Rows(params ReadOnlySpan<long> columns)
    {
        long sum = 0;
        foreach (long count in columns)
        {
            sum += rows * count * _element;
        }

        return sum;
    }

    /// <summary>What the attention half keeps for its backward pass.</summary>
    public long SavedAttention => Rows(_d, _heads, _qkv, _q, _post) + 4 * rows * (1 + config.NumHeads);

    /// <summary>What the MLP half keeps for its backward pass.</summary>
    public long SavedMlp => Rows(_d, 2 * _inner, _post) + 4 * rows;

    /// <summary>What all layers keep between the forward and the backward pass.</summary>
    public long Saved(bool checkpointing) => config.NumLayers * (checkpointing ? Rows(_d) : SavedAttention + SavedMlp);

    /// <summary>Tensors that live for a moment in the backward pass of the last layer, while all other layers are still kept; with checkpointing the layer itself among them.</summary>
    public long Backward(bool checkpointing)
    {
        long again = checkpointing ? SavedAttention + SavedMlp - Rows(_d) : 0;
        long mlp = Rows(_inner, _d, _post) + (IsPlain ? GluTemporaries * 4 * rows * _inner : 0) + Product(_d, 2 * _inner, _inner), attention = Rows(_q, _qkv, _d, _post) + Math.Max(AttentionScratch, Product(_d, _qkv, _q)) - SavedMlp;
        return again + Rows(_d) + Math.Max(mlp, attention);
    }

    /// <summary>Tensors of a forward pass that keeps nothing.</summary>
    public long Forward => Rows(_d) + Math.Max(Rows(_d, _heads, _qkv, _q, _post, _post) + AttentionScratch, Rows(_d, 2 * _inner, _inner, _post, _post));

    /// <summary>The final norm and the loss with its gradients, without the logits.</summary>
    /// <param name="targets">Tokens that are predicted.</param>
    public long Head(long targets) => 2 * Rows(_d) + 3 * Chunk(targets) * _d * _element + 40 * targets
        + (dtype is DType.BF16 ? 2L * config.VocabSize * _d : SplitsProducts && Chunk(targets) >= SmallestSplit ? Split(config.VocabSize, _d) : 0);

    /// <summary>The logits that are held at a time.</summary>
    public long Logits(long targets) => Chunk(targets) * config.VocabSize * (_element + (IsPlain ? 8 : 0));

    // What a product of a layer needs beside its factors: BF16 gradients are made whole before they are added to F32, the tile unit lays out split copies of a factor.
    private long Product(long columns, long outputs, long widest) =>
        dtype is DType.BF16 ? 2 * columns * outputs : SplitsProducts && rows >= SmallestSplit ? Math.Max(Split(outputs, columns), Split(widest, rows)) : 0;

    // A factor [depth, columns], as much of the depth at a time as fits, but one step of the kernel at least.
    private static long Split(long columns, long depth) => SplitBytes * columns * Math.Min(depth, Math.Max(1, MostSplit / (SplitBytes * columns * SplitDepth)) * SplitDepth);

    private long Chunk(long targets) => Math.Min(targets, Math.Max(64, LanguageHead.ChunkElements(TorchLibrary.DefaultDevice) / config.VocabSize));

    private bool SplitsProducts => dtype is DType.F32 && TorchLibrary.DefaultDevice.IsCpu && TorchLibrary.Capability.EndsWith("amx", StringComparison.Ordinal);

    // Our kernels keep a few rows of scores per thread. Flash attention keeps none, but makes gradients of its own, those of q in F32 and those of k and v for every head.
    // Plain ATen holds all scores.
    private long AttentionScratch => !IsPlain ? 0 : IsFlash ? rows * (2 * _qkv + 8 * _q + 4 * config.NumHeads) : 3 * rows * config.NumHeads * tokens * 4;

    // Plain ATen, which other types and devices take, makes F32 tensors of what our kernels hold in registers.
    private bool IsPlain => !(dtype is DType.F32 or DType.BF16 && TorchLibrary.DefaultDevice.IsCpu);

    // The rule of native/ops_flash.cpp.
    private bool IsFlash => dtype is DType.BF16 && config.AttentionSoftcap == 0 && config.HeadDim % 8 == 0 && config.HeadDim <= 256 && Ops.Fused(TorchLibrary.DefaultDevice).Attention;
}
