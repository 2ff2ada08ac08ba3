using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The low-rank part of the embedding: row i of the table gains s (B A)^T[i] = s B A[:, i]. There is no dropout here.</summary>
/// <param name="a">A [r, V].</param>
/// <param name="b">B [D, r].</param>
/// <param name="scaling">alpha / r or alpha / sqrt(r).</param>
internal sealed class LowRankEmbedding(Weight a, Weight b, double scaling)
{
    /// <summary>Adds to the embedded rows x [N, D].</summary>
    public void Forward(Tensor ids, Tensor x)
    {
        using var u = Down(ids, x);
        Ops.Gemm(x, u, b.Value, transposeB: true, accumulate: true);
    }

    /// <summary>Adds to the gradients of A and B; the token <paramref name="skip"/> gets nothing in A, as in torch.</summary>
    public void Backward(Tensor ids, Tensor dx, long skip)
    {
        using Tensor u = Down(ids, dx), du = Tensor.Empty(dx.DType, dx.Device, u.Shape), columns = a.Accumulator()!.Transposed();
        b.AddGradient(dx, u);
        Ops.Gemm(du, dx, b.Value);
        du.Scale(scaling);
        Ops.EmbeddingBackward(ids, du, columns, skip);
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
