using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>DoRA (Liu et al., arXiv 2402.09353): W' = m * (W + s B A) / |W + s B A| per output row; the norms are constants in the backward pass.</summary>
/// <param name="m">Magnitudes [rows].</param>
internal sealed class Magnitude(Weight m) : IDisposable
{
    private Tensor? _norms;

    /// <summary>The trained magnitudes.</summary>
    public Weight Weight => m;

    /// <summary>m / norms [rows], of the model's type.</summary>
    public Tensor Factor { get; private set; } = null!;

    /// <summary>m / norms - 1 [rows].</summary>
    public Tensor Excess { get; private set; } = null!;

    /// <summary>The row norms of W + s B A, in F32 (F64 for an F64 model).</summary>
    public static Tensor Norms(Tensor w, Tensor a, Tensor b, double scaling)
    {
        using var sum = LowRank.Adapted(w, a, b, scaling);
        var norms = Tensor.Empty(sum.DType, sum.Device, w.Shape[0]);
        Ops.RowNorms(sum, norms);
        return norms;
    }

    /// <summary>Computes the norms and factors of the weights as they are now.</summary>
    public void Refresh(Tensor w, Tensor a, Tensor b, double scaling)
    {
        Dispose();
        _norms = Norms(w, a, b, scaling);
        using var factor = m.Master.To(w.Device, _norms.DType);
        factor.Divide(_norms);
        Factor = factor.To(w.Device, w.DType);
        using var one = Tensor.Empty(factor.DType, w.Device, factor.Shape);
        one.Fill(1);
        factor.Add(one, -1);
        Excess = factor.To(w.Device, w.DType);
    }

    /// <summary>Adds the gradient of m: the sums over the rows of dy * z, divided by the norms.</summary>
    public void Backward(Tensor dy, Tensor z)
    {
        using var sums = Tensor.Zeros(_norms!.DType, dy.Device, _norms.Shape);
        Ops.ColumnDots(sums, dy, z);
        sums.Divide(_norms);
        m.Accumulator()!.Add(sums);
    }

    public void Dispose()
    {
        _norms?.Dispose();
        Factor?.Dispose();
        Excess?.Dispose();
    }
}
