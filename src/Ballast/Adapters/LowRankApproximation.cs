using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The best product B A of a rank for a matrix (Eckart and Young 1936): a truncated singular value decomposition, each factor with the root of the singular values.</summary>
/// <param name="A">[r, in].</param>
/// <param name="B">[out, r].</param>
/// <param name="Kept">Share of the matrix's squared norm that B A keeps, in [0, 1].</param>
internal sealed record LowRankApproximation(Tensor A, Tensor B, double Kept) : IDisposable
{
    private const int Oversampling = 16;

    /// <summary>Approximates an F32 matrix on the CPU; exact where the matrix is small, else randomized with two power iterations (Halko, Martinsson and Tropp 2011, algorithm 4.4).</summary>
    /// <param name="matrix">[out, in].</param>
    /// <param name="rank">At most min(out, in).</param>
    /// <param name="seed">Seed of the random subspace.</param>
    public static LowRankApproximation Of(Tensor matrix, int rank, ulong seed)
    {
        using var scope = new TensorScope();
        var (u, s, vt) = rank + Oversampling < Math.Min(matrix.Shape[0], matrix.Shape[1]) / 4 ? Randomized(matrix, rank + Oversampling, seed, scope) : matrix.Svd();
        scope.Keep(u);
        scope.Keep(s);
        scope.Keep(vt);
        float[] values = s.ToArray<float>()[..rank], roots = Array.ConvertAll(values, MathF.Sqrt);
        using var root = Tensor.From<float>(roots, rank);
        var b = scope.Keep(u.Narrow(1, 0, rank)).To(Device.Cpu);
        b.Multiply(root);
        var a = scope.Keep(vt.Narrow(0, 0, rank)).To(Device.Cpu);
        scope.Keep(a.Transposed()).Multiply(root);
        double all = matrix.SquareSum();
        return new LowRankApproximation(a, b, all == 0 ? 1 : Math.Min(1, values.Sum(value => (double)value * value) / all));
    }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }

    private static (Tensor U, Tensor S, Tensor Vt) Randomized(Tensor matrix, int width, ulong seed, TensorScope scope)
    {
        var directions = scope.Empty(DType.F32, matrix.Shape[1], width);
        directions.FillNormal(1, seed);
        var range = Range(matrix, directions, scope);
        for (int i = 0; i < 2; i++)
        {
            var back = scope.Empty(DType.F32, matrix.Shape[1], width);
            Ops.Gemm(back, matrix, range, transposeA: true);
            range = Range(matrix, Orthonormal(back, scope), scope);
        }

        var small = scope.Empty(DType.F32, width, matrix.Shape[1]);
        Ops.Gemm(small, range, matrix, transposeA: true);
        var (u, s, vt) = small.Svd();
        scope.Keep(u);
        var lifted = Tensor.Empty(DType.F32, Device.Cpu, matrix.Shape[0], width);
        Ops.Gemm(lifted, range, u);
        return (lifted, s, vt);
    }

    private static Tensor Range(Tensor matrix, Tensor directions, TensorScope scope)
    {
        var image = scope.Empty(DType.F32, matrix.Shape[0], directions.Shape[1]);
        Ops.Gemm(image, matrix, directions);
        return Orthonormal(image, scope);
    }

    private static Tensor Orthonormal(Tensor x, TensorScope scope)
    {
        var (u, s, vt) = x.Svd();
        s.Dispose();
        vt.Dispose();
        return scope.Keep(u);
    }
}
