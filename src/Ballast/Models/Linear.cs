using Ballast.Adapters;
using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>y = x W^T + b with W [out, in], and what an adapter adds to it.</summary>
/// <param name="weight">W.</param>
/// <param name="bias">b, or null.</param>
/// <param name="name">Module path where it is not that of the weight: a head that shares the embedding's weight.</param>
internal sealed class Linear(Weight weight, Weight? bias, string? name = null)
{
    private const string Suffix = ".weight";

    public long Inputs => Weight.Shape[1];

    public long Outputs => Weight.Shape[0];

    public Weight Weight { get; set; } = weight;

    public Weight? Bias => bias;

    /// <summary>What is added to the product; null: nothing.</summary>
    public LowRank? Adapter { get; set; }

    /// <summary>Module paths in the checkpoint and their rows, top to bottom.</summary>
    public IEnumerable<(string Name, long Rows)> Modules => Weight.Slices.Select(slice => (name ?? slice.Name[..^Suffix.Length], slice.Rows));

    /// <summary>y [N, out] from x [N, in]; with <paramref name="accumulate"/> the result is added to y (the residual stream).</summary>
    public void Forward(Tensor x, Tensor y, bool accumulate = false)
    {
        Ops.Gemm(y, x, Weight.Value, transposeB: true, accumulate: accumulate);
        Adapter?.Forward(x, y, accumulate);
        if (bias is not null)
        {
            Ops.AddBias(y, bias.Value);
        }
    }

    /// <summary>dx [N, in] from dy [N, out].</summary>
    public void BackwardInput(Tensor dy, Tensor dx)
    {
        using var scaled = Adapter?.Scaled(dy);
        Ops.Gemm(dx, scaled ?? dy, Weight.Value);
        Adapter?.BackwardInput(scaled ?? dy, dx);
    }

    /// <summary>Adds to the gradients of W, b and the adapter, where they are trained.</summary>
    public void BackwardWeight(Tensor dy, Tensor x)
    {
        Weight.AddGradient(dy, x);
        bias?.AddSums(dy);
        Adapter?.BackwardWeight(dy, x);
    }
}
