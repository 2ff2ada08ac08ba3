using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The low-rank part of the embedding: row i of the table gains s (B A)^T[i] = s B A[:, i]. There is no dropout here.</summary>
/// <remarks>DoRA gives each column d of the sum the length m[d]: row i is m / n (W[i] + s B A[:, i]), n the norms of the sum's columns.</remarks>
/// <param name="table">The base's table W [V, D].</param>
/// <param name="a">A [r, V].</param>
/// <param name="b">B [D, r].</param>
/// <param name="scaling">alpha / r or alpha / sqrt(r).</param>
/// <param name="magnitude">The magnitudes [D] of DoRA, or null.</param>
internal sealed class LowRankEmbedding(Weight table, Weight a, Weight b, double scaling, Magnitude? magnitude) : IDisposable
{
    /// <summary>Changes the embedded rows x [N, D] from the base's to the adapted ones.</summary>
    public void Forward(Tensor ids, Tensor x)
    {
        using var u = Down(ids, x);
        Ops.Gemm(x, u, b.Value, transposeB: true, accumulate: true);
        if (magnitude is not null)
        {
            x.Multiply(magnitude.Factor);
        }
    }

    /// <summary>Adds to the gradients of A, B and the magnitudes; the token <paramref name="skip"/> gets nothing in A, as in torch.</summary>
    public void Backward(Tensor ids, Tensor dx, long skip)
    {
        using Tensor u = Down(ids, dx);
        using var own = magnitude is null ? null : dx.To(dx.Device);
        var dz = own ?? dx;   // before the magnitudes
        if (magnitude is not null)
        {
            using var z = Tensor.Empty(dx.DType, dx.Device, dx.Shape);
            Ops.Embedding(table.Value, ids, z);
            Ops.Gemm(z, u, b.Value, transposeB: true, accumulate: true);
            magnitude.Backward(dx, z);
            dz.Multiply(magnitude.Factor);
        }

        using Tensor du = Tensor.Empty(dx.DType, dx.Device, u.Shape), columns = a.Accumulator()!.Transposed();
        b.AddGradient(dz, u);
        Ops.Gemm(du, dz, b.Value);
        du.Scale(scaling);
        Ops.EmbeddingBackward(ids, du, columns, skip);
    }

    /// <summary>Computes again what is derived from the weights.</summary>
    public void Refresh() => WithSum((magnitude, sum) => magnitude.Refresh(sum, table.Value.DType));

    /// <summary>Sets the magnitudes to the column norms of the base.</summary>
    public void InitializeMagnitude() => WithSum((magnitude, sum) => magnitude.Initialize(sum));

    /// <summary>W + s (B A)^T as a new tensor [V, D] in F32 (F64 for F64).</summary>
    public static Tensor Adapted(Tensor w, Tensor a, Tensor b, double scaling)
    {
        using Tensor left = a.Transposed(), right = b.Transposed();
        return LowRank.Adapted(w, right, left, scaling);
    }

    public void Dispose() => magnitude?.Dispose();

    private void WithSum(Action<Magnitude, Tensor> use)
    {
        if (magnitude is not null)
        {
            using Tensor sum = Adapted(table.Value, a.Value, b.Value, scaling), byColumn = sum.Transposed();
            use(magnitude, byColumn);
        }
    }

    private Tensor Down(Tensor ids, Tensor x)
    {
        using var columns = a.Value.Transposed();
        var u = Tensor.Empty(x.DType, x.Device, x.Shape[0], a.Shape[0]);
        Ops.Embedding(columns, ids, u);
        u.Scale(scaling);
        return u;
    }
}
