namespace Ballast.Tensors;

/// <summary>The operations that a decoder is made of, forward and backward. Rows N = B x T; every tensor is contiguous.</summary>
/// <remarks>
/// On the CPU in F32 and BF16 the fused kernels of native/ run; every other dtype and device, and everything under <see cref="Plain"/>, takes plain ATen. On a CUDA device, and
/// under <see cref="AsOnCuda"/>, libtorch's own fused operators are taken where it has them for the device: AdamW, and flash attention in half precision.
/// A name "d_x" is the gradient of the loss with respect to x.
/// </remarks>
internal static class Ops
{
    /// <summary>Runs an action with plain ATen instead of the fused kernels, to compare both; other threads keep theirs.</summary>
    public static void Plain(Action action) => Along(1, action);

    /// <summary>Runs an action on the path of a CUDA device, whatever device its tensors are on, to test that path on the CPU; other threads keep theirs.</summary>
    public static void AsOnCuda(Action action) => Along(2, action);

    /// <summary>Whether work on a device is only queued, so that looking at a value costs a wait.</summary>
    public static bool IsQueued(Device device) => !device.IsCpu || Native.ballast_path(-1) == 2;

    /// <summary>How often this thread takes values from tensors to the host during an action, whether it asks for them or an operator of libtorch needs them.</summary>
    public static long Reads(Action action)
    {
        TorchLibrary.Load();
        long count = 0;
        Native.Check(Native.ballast_reads(1, out _));
        try
        {
            action();
        }
        finally
        {
            Native.Check(Native.ballast_reads(0, out count));
        }

        return count;
    }

    private static void Along(int path, Action action)
    {
        TorchLibrary.Load();
        int before = Native.ballast_path(path);
        try
        {
            action();
        }
        finally
        {
            _ = Native.ballast_path(before);
        }
    }

    /// <summary>out (+)= op(a) op(b) with op = transpose if asked; half-precision products may be added to an F32 out.</summary>
    public static void Gemm(Tensor result, Tensor a, Tensor b, bool transposeA = false, bool transposeB = false, bool accumulate = false) =>
        Native.Check(Native.ballast_gemm(result.Handle, a.Handle, b.Handle, Flag(transposeA), Flag(transposeB), Flag(accumulate)));

    /// <summary>Adds bias [D] to each row of result [N, D].</summary>
    public static void AddBias(Tensor result, Tensor bias) => Native.Check(Native.ballast_add_bias(result.Handle, bias.Handle));

    /// <summary>dBias [D] += the column sums of dy [N, D].</summary>
    public static void BiasBackward(Tensor dBias, Tensor dy) => Native.Check(Native.ballast_bias_backward(dBias.Handle, dy.Handle));

    /// <summary>y = x * rstd * (offset + w) with rstd [N] = 1 / sqrt(mean(x^2) + eps).</summary>
    public static void RmsNorm(Tensor x, Tensor w, double eps, double offset, Tensor y, Tensor rstd) =>
        Native.Check(Native.ballast_rms_norm(x.Handle, w.Handle, eps, offset, y.Handle, rstd.Handle));

    /// <summary>y = x * rstd * (offset + w) with a known rstd.</summary>
    public static void RmsNormApply(Tensor x, Tensor w, double offset, Tensor rstd, Tensor y) =>
        Native.Check(Native.ballast_rms_norm_apply(x.Handle, w.Handle, offset, rstd.Handle, y.Handle));

    /// <summary>Adds the gradients of RmsNorm to dx [N, D] and dw [D]; null: w is frozen.</summary>
    public static void RmsNormBackward(Tensor dy, Tensor x, Tensor w, double offset, Tensor rstd, Tensor dx, Tensor? dw) =>
        Native.Check(Native.ballast_rms_norm_backward(dy.Handle, x.Handle, w.Handle, offset, rstd.Handle, dx.Handle, Optional(dw)));

    /// <summary>Normalizes heads of qkv [N, (H + 2 K) C] from <paramref name="firstHead"/> on in place; w is [C].</summary>
    /// <param name="raw">Receives the heads as they were, [N, heads C]; its width says how many.</param>
    /// <param name="rstd">Receives 1 / sqrt(mean(x^2) + eps), [N, heads].</param>
    public static void HeadNorm(Tensor qkv, Tensor w, double eps, int firstHead, Tensor raw, Tensor rstd) =>
        Native.Check(Native.ballast_head_norm(qkv.Handle, w.Handle, eps, firstHead, raw.Handle, rstd.Handle));

    /// <summary>Turns the heads of dQkv into the gradient of <see cref="HeadNorm"/>'s input in place and adds to dw [C]; null: w is frozen.</summary>
    public static void HeadNormBackward(Tensor dQkv, Tensor raw, Tensor w, int firstHead, Tensor rstd, Tensor? dw) =>
        Native.Check(Native.ballast_head_norm_backward(dQkv.Handle, raw.Handle, w.Handle, firstHead, rstd.Handle, Optional(dw)));

    /// <summary>Turns the first heads of each row of qkv in place by the angles of its position; cos and sin are [positions, rotary / 2].</summary>
    public static void Rope(Tensor qkv, Tensor cos, Tensor sin, Tensor positions, int rotatedHeads, int headDim, bool backward = false) =>
        Native.Check(Native.ballast_rope(qkv.Handle, cos.Handle, sin.Handle, positions.Handle, rotatedHeads, headDim, Flag(backward)));

    /// <summary>out [N, I] = act(gate) * up of gateUp [N, 2 I] (Shazeer, arXiv 2002.05202).</summary>
    /// <param name="gelu">GeLU in its tanh form instead of SiLU.</param>
    public static void Glu(Tensor gateUp, bool gelu, Tensor result) => Native.Check(Native.ballast_glu(gateUp.Handle, Flag(gelu), result.Handle));

    /// <summary>Turns gateUp into its gradient and dOut into the recomputed output, both in place.</summary>
    public static void GluBackward(Tensor gateUp, bool gelu, Tensor dOut) => Native.Check(Native.ballast_glu_backward(gateUp.Handle, Flag(gelu), dOut.Handle));

    /// <summary>Causal attention: qkv [N, (H + 2 K) C] to result [N, H C].</summary>
    /// <param name="sight">What each row sees.</param>
    /// <param name="scale">Scores are the products times this.</param>
    /// <param name="cap">Above 0: scores s become cap * tanh(s / cap).</param>
    /// <returns>The log-sum of the scores, for backward: [B, H, T], or as libtorch's flash attention lays it out.</returns>
    public static Tensor Attention(Tensor qkv, in Sight sight, long batch, int heads, int kvHeads, double scale, double cap, Tensor result)
    {
        Native.Check(Native.ballast_attention(
            qkv.Handle, Optional(sight.Starts), Optional(sight.Bounds), sight.Longest, sight.Window, batch, heads, kvHeads, scale, cap, result.Handle, out var lse));
        return new Tensor(lse);
    }

    /// <summary>The gradient of <see cref="Attention"/> with respect to qkv; the scores are computed again, never stored.</summary>
    public static void AttentionBackward(
        Tensor qkv, in Sight sight, long batch, int heads, int kvHeads, double scale, double cap, Tensor output, Tensor lse, Tensor dOut, Tensor dQkv) =>
        Native.Check(Native.ballast_attention_backward(
            qkv.Handle, Optional(sight.Starts), Optional(sight.Bounds), sight.Longest, sight.Window, batch, heads, kvHeads, scale, cap, output.Handle, lse.Handle, dOut.Handle, dQkv.Handle));

    /// <summary>Writes keys and values of qkv's rows into the caches [B, K, capacity, C] at their positions I64 [N].</summary>
    public static void CacheWrite(Tensor qkv, Tensor keys, Tensor values, Tensor positions, long batch, int heads) =>
        Native.Check(Native.ballast_cache_write(qkv.Handle, keys.Handle, values.Handle, positions.Handle, batch, heads));

    /// <summary>Attention of one new token per sequence (qkv [B, ...]) to the first lengths[b] cached positions from starts[b].</summary>
    public static void AttentionDecode(Tensor qkv, Tensor keys, Tensor values, Tensor? starts, Tensor lengths, int heads, double scale, double cap, Tensor result) =>
        Native.Check(Native.ballast_attention_decode(qkv.Handle, keys.Handle, values.Handle, Optional(starts), lengths.Handle, heads, scale, cap, result.Handle));

    /// <summary>tensor = cap * tanh(tensor / cap).</summary>
    public static void Softcap(Tensor tensor, double cap) => Native.Check(Native.ballast_softcap(tensor.Handle, cap));

    /// <summary>losses [n] and the best token [n] of logits [n, V]; with gradient the logits become scale * (softmax - one_hot).</summary>
    /// <param name="cap">Above 0: the logits went through <see cref="Softcap"/>, and the gradient is that of what they were before.</param>
    public static void CrossEntropy(Tensor logits, Tensor targets, double scale, double cap, bool gradient, Tensor losses, Tensor best) =>
        Native.Check(Native.ballast_cross_entropy(logits.Handle, targets.Handle, scale, cap, Flag(gradient), losses.Handle, best.Handle));

    /// <summary>result [N, D] = the rows ids [N] of table [V, D].</summary>
    public static void Embedding(Tensor table, Tensor ids, Tensor result) => Native.Check(Native.ballast_embedding(table.Handle, ids.Handle, result.Handle));

    /// <summary>Adds dy [N, D] to the rows ids of dw [V, D]; rows of the token <paramref name="skip"/> get nothing.</summary>
    public static void EmbeddingBackward(Tensor ids, Tensor dy, Tensor dw, long skip) =>
        Native.Check(Native.ballast_embedding_backward(ids.Handle, dy.Handle, dw.Handle, skip));

    /// <summary>Adds the sum of losses [n] to figures[0] and the number of places where best [n] is the target to figures[1], on the device.</summary>
    public static void Tally(Tensor figures, Tensor losses, Tensor best, Tensor targets) =>
        Native.Check(Native.ballast_tally(figures.Handle, losses.Handle, best.Handle, targets.Handle));

    /// <summary>Writes the gradient's norm to figures[2] and, to control [2], what the gradient is to be divided by and 1 if a figure is not finite, on the device.</summary>
    /// <param name="limit">The largest norm that is not clipped; 0: none is.</param>
    public static void Clip(Tensor figures, Tensor gradient, double limit, Tensor control) =>
        Native.Check(Native.ballast_clip(figures.Handle, gradient.Handle, limit, control.Handle));

    /// <summary>Whether libtorch has fused AdamW, which takes a control, and flash attention for a device.</summary>
    public static (bool AdamW, bool Attention) Fused(Device device)
    {
        Native.Check(Native.ballast_fused(device.Code, out int adamw, out int attention));
        return (adamw != 0, attention != 0);
    }

    /// <summary>One AdamW step over flat F32 tensors, with the weight average and the half-precision copy in the same pass.</summary>
    /// <param name="control">Of <see cref="Clip"/>, instead of the step's own factor; only where AdamW is <see cref="Fused"/>.</param>
    public static void AdamW(Tensor weight, Tensor grad, Tensor first, Tensor second, Tensor? average, Tensor? half, in AdamWStep step, Tensor? control = null) =>
        Native.Check(Native.ballast_adamw(
            weight.Handle, grad.Handle, first.Handle, second.Handle, Optional(average), Optional(half), step.LearningRate, step.Beta1, step.Beta2, step.Epsilon,
            step.WeightDecay, step.Step, step.GradScale, step.AverageDecay, Flag(step.Feedback), Optional(control)));

    /// <summary>x becomes x * mask / (1 - rate); the mask is a function of the key and of the place in x.</summary>
    public static void Dropout(Tensor x, double rate, ulong key) => Native.Check(Native.ballast_dropout(x.Handle, rate, key));

    /// <summary>result [n] = the Euclidean norms of the rows of x [n, d].</summary>
    public static void RowNorms(Tensor x, Tensor result) => Native.Check(Native.ballast_row_norms(x.Handle, result.Handle));

    /// <summary>result [d] += the sums over the rows of a * b, both [n, d].</summary>
    public static void ColumnDots(Tensor result, Tensor a, Tensor b) => Native.Check(Native.ballast_column_dots(result.Handle, a.Handle, b.Handle));

    private static TensorHandle Optional(Tensor? tensor) => tensor?.Handle ?? TensorHandle.None;

    private static int Flag(bool value) => value ? 1 : 0;
}

/// <summary>What the tokens of a pass see, in the two forms that attention kernels take; all before them unless something is set.</summary>
/// <param name="Starts">I32 [N], the first place that each row sees within its sequence; null: all before it.</param>
/// <param name="Bounds">I32 [S + 1], where each of S texts begins among all rows, and the end, if the batch holds other texts than its sequences.</param>
/// <param name="Longest">Tokens of the longest of those texts.</param>
/// <param name="Window">Tokens that a token sees, itself included; 0: all of its text; -1: only <paramref name="Starts"/> can say it.</param>
internal readonly record struct Sight(Tensor? Starts = null, Tensor? Bounds = null, long Longest = 0, long Window = 0);

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="LearningRate">Rate of this step.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">Decoupled decay.</param>
/// <param name="Step">Number of this step, from 1.</param>
/// <param name="GradScale">Factor on the gradient, from clipping.</param>
/// <param name="AverageDecay">EMA: average = decay * average + (1 - decay) * weight.</param>
/// <param name="Feedback">Whether the weight continues from the average.</param>
internal readonly record struct AdamWStep(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step, double GradScale, double AverageDecay = 0, bool Feedback = false);
