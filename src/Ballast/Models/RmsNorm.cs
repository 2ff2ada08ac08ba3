using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Root mean square normalization (Zhang and Sennrich, arXiv 1910.07467): y = (offset + w) * x / sqrt(mean(x^2) + eps).</summary>
internal sealed class RmsNorm(Weight weight, DecoderConfig config)
{
    /// <summary>y [N, D]; rstd [N] is kept for backward.</summary>
    public void Forward(Tensor x, Tensor y, Tensor rstd) => Ops.RmsNorm(x, weight.Value, config.RmsNormEps, config.NormOffset, y, rstd);

    /// <summary>y again from x and the kept rstd.</summary>
    public void Again(Tensor x, Tensor rstd, Tensor y) => Ops.RmsNormApply(x, weight.Value, config.NormOffset, rstd, y);

    /// <summary>Adds to dx and to the gradient of w.</summary>
    public void Backward(Tensor dy, Tensor x, Tensor rstd, Tensor dx) => Ops.RmsNormBackward(dy, x, weight.Value, config.NormOffset, rstd, dx, weight.Accumulator());
}
