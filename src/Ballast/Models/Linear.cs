using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>y = x W^T + b with W [out, in].</summary>
internal sealed class Linear(Weight weight, Weight? bias)
{
    public long Inputs => weight.Shape[1];

    public long Outputs => weight.Shape[0];

    /// <summary>y [N, out] from x [N, in]; with <paramref name="accumulate"/> the result is added to y (the residual stream).</summary>
    public void Forward(Tensor x, Tensor y, bool accumulate = false)
    {
        Ops.Gemm(y, x, weight.Value, transposeB: true, accumulate: accumulate);
        if (bias is not null)
        {
            Ops.AddBias(y, bias.Value);
        }
    }

    /// <summary>dx [N, in] from dy [N, out].</summary>
    public void BackwardInput(Tensor dy, Tensor dx) => Ops.Gemm(dx, dy, weight.Value);

    /// <summary>Adds to the gradients of W and b.</summary>
    public void BackwardWeight(Tensor dy, Tensor x)
    {
        weight.AddGradient(dy, x);
        if (bias is not null)
        {
            Ops.BiasBackward(bias.Accumulator(), dy);
        }
    }
}
