using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>RMSNorm of each query head or each key head, before it is rotated (Qwen 3); all heads share one weight [C].</summary>
internal sealed class HeadNorm(Weight weight, double eps, int firstHead, int heads)
{
    /// <summary>What backward needs: the heads as they were, [N, heads C], and 1 / sqrt(mean(x^2) + eps), [N, heads].</summary>
    public sealed record Saved(Tensor Raw, Tensor Rstd) : IDisposable
    {
        public void Dispose()
        {
            Raw.Dispose();
            Rstd.Dispose();
        }
    }

    /// <summary>Normalizes the heads within qkv [N, (H + 2 K) C].</summary>
    public Saved Forward(Tensor qkv, Pass pass)
    {
        var saved = new Saved(pass.NewRows(heads * weight.Shape[0]), pass.NewSums(pass.Rows, heads));
        Ops.HeadNorm(qkv, weight.Value, eps, firstHead, saved.Raw, saved.Rstd);
        return saved;
    }

    /// <summary>Turns the heads' gradient within dQkv into that of the heads as they were, and adds to the gradient of w.</summary>
    public void Backward(Tensor dQkv, Saved saved) => Ops.HeadNormBackward(dQkv, saved.Raw, weight.Value, firstHead, saved.Rstd, weight.Accumulator());
}
