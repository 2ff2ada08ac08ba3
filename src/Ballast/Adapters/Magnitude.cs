using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>DoRA (Liu et al., arXiv 2402.09353): W' = m * (W + s B A) / |W + s B A| per output row; the norms are constants in the backward pass.</summary>
/// <remarks>An embedding is a linear layer on one-hot rows with its weight transposed: its output rows are the columns of the table.</remarks>
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

    /// <summary>The row norms of W + s B A, given as one matrix in F32 (F64 for an F64 model).</summary>
    public static Tensor Norms(Tensor sum)
    {
        var norms = Tensor.Empty(sum.DType, sum.Device, sum.Shape[0]);
        Ops.RowNorms(sum, norms);
        return norms;
    }

    /// <summary>Sets the magnitudes to the norms: while B A is 0, the model is the base bit for bit.</summary>
    public void Initialize(Tensor sum)
    {
        using var norms = Norms(sum);
        m.Master.CopyFrom(norms);
    }

    /// <summary>Computes the norms and factors of the weights as they are now.</summary>
    /// <param name="sum">W + s B A.</param>
    /// <param name="dtype">Type of the model.</param>
    public void Refresh(Tensor sum, DType dtype)
    {
        Dispose();
        _norms = Norms(sum);
        using var factor = m.Master.To(sum.Device, sum.DType);
        factor.Divide(_norms);
        Factor = factor.To(sum.Device, dtype);
        using var one = Tensor.Empty(factor.DType, sum.Device, factor.Shape);
        one.Fill(1);
        factor.Add(one, -1);
        Excess = factor.To(sum.Device, dtype);
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
