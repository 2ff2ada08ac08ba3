using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Root mean square normalization (Zhang and Sennrich, arXiv 1910.07467): y = w * x / sqrt(mean(x^2) + eps).</summary>
internal sealed class RmsNorm(Weight weight, double eps)
{
    /// <summary>y [N, D]; rstd [N] is kept for backward.</summary>
    public void Forward(Tensor x, Tensor y, Tensor rstd) => Ops.RmsNorm(x, weight.Value, eps, y, rstd);

    /// <summary>y again from x and the kept rstd.</summary>
    public void Again(Tensor x, Tensor rstd, Tensor y) => Ops.RmsNormApply(x, weight.Value, rstd, y);

    /// <summary>Adds to dx and to the gradient of w.</summary>
    public void Backward(Tensor dy, Tensor x, Tensor rstd, Tensor dx) => Ops.RmsNormBackward(dy, x, weight.Value, rstd, dx, weight.Accumulator());
}
