using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Tensors;

/// <summary>Every fused kernel against the plain ATen path of the same function, and against what a CUDA device takes, at sizes that leave remainders.</summary>
public class KernelTests
{
    private static Tensor Random(ulong seed, params ReadOnlySpan<long> shape)
    {
        var tensor = Tensor.Empty(DType.F32, Device.Cpu, shape);
        tensor.FillNormal(1, seed);
        return tensor;
    }

    // Runs an operation with the kernels, with ATen and as on a CUDA device on equal inputs and compares every tensor afterwards.
    private static void Agree(double tolerance, Tensor[] inputs, Action<Tensor[]> operation, DType dtype = DType.F32, int floats = int.MaxValue)
    {
        using var scope = new TensorScope();
        Tensor[] Copy() => [.. inputs.Select((t, i) => scope.Keep(t.To(Device.Cpu, t.DType is DType.F32 && i < floats ? dtype : t.DType)))];
        Tensor[] fast = Copy(), plain = Copy(), device = Copy();
        operation(fast);
        Ops.Plain(() => operation(plain));
        Ops.AsOnCuda(() => operation(device));
        for (int i = 0; i < inputs.Length; i++)
        {
            GoldenTensors.Close(plain[i].ToArray<float>(), fast[i].ToArray<float>(), tolerance, $"argument {i}");
            GoldenTensors.Close(plain[i].ToArray<float>(), device[i].ToArray<float>(), tolerance, $"argument {i} as on CUDA");
            inputs[i].Dispose();
        }
    }

    // Sizes that leave remainders in every direction and take several rounds in depth; with the tile unit these run on it.
    [Theory]
    [InlineData(197, 71, 65, false, false)]
    [InlineData(230, 67, 600, false, true)]
    [InlineData(330, 600, 281, true, false)]
    [InlineData(200, 4500, 530, false, false)]  // a split factor too large to be held whole
    public void Large_products(int rows, int columns, int depth, bool transposeA, bool transposeB)
    {
        foreach (bool accumulate in (bool[])[false, true])
        {
            Agree(
                1e-4,
                [Random(1, rows, columns), transposeA ? Random(2, depth, rows) : Random(2, rows, depth), transposeB ? Random(3, columns, depth) : Random(3, depth, columns)],
                t => Ops.Gemm(t[0], t[1], t[2], transposeA, transposeB, accumulate));
        }
    }

    [Fact]
    public void Large_products_are_as_exact_as_float32()
    {
        using Tensor a = Random(1, 256, 512), b = Random(2, 512, 128), fast = Random(3, 256, 128), plain = Random(3, 256, 128);
        Ops.Gemm(fast, a, b);
        Ops.Plain(() => Ops.Gemm(plain, a, b));
        using Tensor wideA = a.To(Device.Cpu, DType.F64), wideB = b.To(Device.Cpu, DType.F64), exact = wideA.To(Device.Cpu).Narrow(1, 0, 128).To(Device.Cpu);
        Ops.Gemm(exact, wideA, wideB);
        double[] truth = exact.ToArray<double>();
        double Error(Tensor product) => Math.Sqrt(product.ToArray<float>().Zip(truth, (x, y) => (x - y) * (x - y)).Average());
        Assert.InRange(Error(fast), 0, 1.2 * Error(plain));
        Assert.InRange(Error(fast), 1e-9, 1e-4);  // of sums of 512 products of size 1
    }

    // The tile registers make a signal's frame larger than some alternate stacks.
    [Fact]
    public void A_null_reference_is_an_exception_after_the_tile_unit_was_used()
    {
        using Tensor a = Random(1, 256, 128), b = Random(2, 128, 128), c = Random(3, 256, 128);
        string? nothing = a.Count > 0 ? null : "";
        for (int i = 0; i < 3; i++)
        {
            Ops.Gemm(c, a, b);
            Assert.Throws<NullReferenceException>(() => nothing!.Length);
        }
    }

    [Fact]
    public void A_number_that_is_not_finite_stays_so_in_large_products()
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity])
        {
            float[] values = [.. Enumerable.Repeat(1f, 192 * 64)];
            values[77] = bad;
            using Tensor a = Tensor.From<float>(values, 192, 64), b = Random(2, 64, 64), c = Random(3, 192, 64);
            Ops.Gemm(c, a, b);
            float[] product = c.ToArray<float>();
            Assert.All(product[64..128], x => Assert.False(float.IsFinite(x)));  // row 1 holds the bad number
            Assert.All(product[..64].Concat(product[128..]), x => Assert.True(float.IsFinite(x)));
        }
    }

    [Theory]
    [InlineData(DType.F32, 2e-6)]
    [InlineData(DType.BF16, 4e-2)]
    public void Rms_norm(DType dtype, double tolerance)
    {
        foreach (double offset in (double[])[0, 1])
        {
            Agree(tolerance, [Random(1, 7, 33), Random(2, 33), Random(3, 7, 33), Random(4, 7)], t => Ops.RmsNorm(t[0], t[1], 1e-5, offset, t[2], t[3]), dtype, 3);
        }
    }

    [Theory]
    [InlineData(DType.F32, 1e-5)]
    [InlineData(DType.BF16, 6e-2)]
    public void Rms_norm_backward(DType dtype, double tolerance)
    {
        foreach (double offset in (double[])[0, 1])
        {
            Agree(
                tolerance, [Random(1, 7, 33), Random(2, 7, 33), Random(3, 33), Random(5, 7, 33), Random(4, 7), Random(6, 33)],
                t => Ops.RmsNormBackward(t[0], t[1], t[2], offset, t[4], t[3], t[5]), dtype, 4);
        }
    }

    [Theory]
    [InlineData(DType.F32, 1e-5)]
    [InlineData(DType.BF16, 6e-2)]
    public void Head_norm_and_its_gradient(DType dtype, double tolerance) => Agree(
        tolerance, [Random(1, 5, 4 * 9), Random(2, 9), Random(3, 5, 2 * 9), Random(4, 5, 4 * 9), Random(5, 5, 2), Random(6, 9)],
        t =>
        {
            Ops.HeadNorm(t[0], t[1], 1e-5, 1, t[2], t[4]);
            Ops.HeadNormBackward(t[3], t[2], t[1], 1, t[4], t[5]);
        },
        dtype, 4);

    [Theory]
    [InlineData(DType.F32, 2e-6, false)]
    [InlineData(DType.F32, 2e-6, true)]
    [InlineData(DType.BF16, 3e-2, false)]
    public void Rope(DType dtype, double tolerance, bool backward)
    {
        using var positions = Tensor.From<long>([0, 3, 1, 2, 8], 5);
        Agree(tolerance, [Random(1, 5, 4 * 18), Random(2, 9, 9), Random(3, 9, 9)], t => Ops.Rope(t[0], t[1], t[2], positions, 3, 18, backward), dtype, 1);
    }

    [Theory]
    [InlineData(DType.F32, 2e-6, false)]
    [InlineData(DType.F32, 2e-6, true)]
    [InlineData(DType.BF16, 6e-2, false)]
    [InlineData(DType.BF16, 6e-2, true)]
    public void Gated_linear_unit_and_its_gradient(DType dtype, double tolerance, bool gelu)
    {
        Agree(tolerance, [Random(1, 5, 2 * 37), Random(2, 5, 37)], t => Ops.Glu(t[0], gelu, t[1]), dtype);
        Agree(tolerance, [Random(1, 5, 2 * 37), Random(2, 5, 37)], t => Ops.GluBackward(t[0], gelu, t[1]), dtype);
    }

    [Theory]
    [InlineData(DType.F32, 5, 4, 2, 6, 0, 0)]
    [InlineData(DType.F32, 130, 4, 1, 32, 0, 0)]
    [InlineData(DType.F32, 77, 3, 3, 40, 10, 0)]
    [InlineData(DType.F32, 300, 4, 2, 20, 50, 0)]
    [InlineData(DType.F32, 130, 4, 2, 20, 0, 1.5)]
    [InlineData(DType.F32, 200, 2, 1, 33, 70, 50)]
    [InlineData(DType.BF16, 70, 4, 2, 16, 0, 0)]
    [InlineData(DType.BF16, 150, 4, 2, 16, 20, 2)]
    public void Attention_and_its_gradient(DType dtype, int tokens, int heads, int kvHeads, int headDim, int window, double cap)
    {
        int n = 2 * tokens, width = (heads + 2 * kvHeads) * headDim;
        using var starts = window == 0 ? null : Tensor.From<int>(Enumerable.Range(0, n).Select(i => Math.Max(0, i % tokens - window + 1)).ToArray(), n);
        double scale = 1 / Math.Sqrt(headDim), tolerance = dtype is DType.F32 ? 2e-5 : 8e-2;
        Agree(
            tolerance, [Random(1, n, width), Random(2, n, heads * headDim), Random(4, n, heads * headDim), Random(5, n, width), Random(3, 2, heads, tokens)],
            t =>
            {
                using var lse = Ops.Attention(t[0], new Sight(starts), 2, heads, kvHeads, scale, cap, t[1]);
                t[4].CopyFrom(lse);
                Ops.AttentionBackward(t[0], new Sight(starts), 2, heads, kvHeads, scale, cap, t[1], lse, t[2], t[3]);
            },
            dtype, 4);
    }

    [Theory]
    [InlineData(DType.F32, 2e-5)]
    [InlineData(DType.BF16, 4e-2)]
    public void Attention_of_one_new_token(DType dtype, double tolerance)
    {
        using var lengths = Tensor.From<long>([1, 9, 4], 3);
        Agree(tolerance, [Random(1, 3, 8 * 10), Random(2, 3, 2, 9, 10), Random(3, 3, 2, 9, 10), Random(4, 3, 4 * 10)],
            t => Ops.AttentionDecode(t[0], t[1], t[2], null, lengths, 4, 0.3, 0, t[3]), dtype);
        using var starts = Tensor.From<int>([0, 5, 3], 3);
        Agree(tolerance, [Random(1, 3, 8 * 10), Random(2, 3, 2, 9, 10), Random(3, 3, 2, 9, 10), Random(4, 3, 4 * 10)],
            t => Ops.AttentionDecode(t[0], t[1], t[2], starts, lengths, 4, 0.3, 0.8, t[3]), dtype);
    }

    [Theory]
    [InlineData(DType.F32, 5e-6, true)]
    [InlineData(DType.F32, 5e-6, false)]
    [InlineData(DType.BF16, 2e-2, true)]
    public void Cross_entropy(DType dtype, double tolerance, bool gradient)
    {
        using var targets = Tensor.From<long>([0, 100, 7, 7], 4);
        using var best = Tensor.Zeros(DType.I64, Device.Cpu, 4);
        foreach (double cap in (double[])[0, 4])
        {
            Agree(tolerance, [Random(1, 4, 101), Random(2, 4)], t => Ops.CrossEntropy(t[0], targets, 0.25, cap, gradient, t[1], best), dtype, 1);
        }
    }

    [Theory]
    [InlineData(DType.F32, 1e-6)]
    [InlineData(DType.BF16, 1e-6)]
    public void Embedding_gradient_adds_repeated_tokens_and_skips_padding(DType dtype, double tolerance)
    {
        using var ids = Tensor.From<long>([1, 3, 1, 0], 4);
        Agree(tolerance, [Random(1, 4, 19), Random(2, 5, 19)], t => Ops.EmbeddingBackward(ids, t[0], t[1], 0), dtype, 1);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Adamw_with_the_average(bool average, bool feedback)
    {
        using var second = Tensor.From<float>(Enumerable.Range(0, 50).Select(i => i * 0.01f).ToArray(), 50);
        using var half = Tensor.Zeros(DType.BF16, Device.Cpu, 50);
        Agree(2e-6, [Random(1, 50), Random(3, 50), second.To(Device.Cpu), Random(5, 50), half.To(Device.Cpu)], t =>
        {
            using var gradient = Random(2, 50);
            Ops.AdamW(t[0], gradient, t[1], t[2], average ? t[3] : null, t[4], new AdamWStep(0.01, 0.9, 0.99, 1e-8, 0.1, 3, 0.5, 0.9, feedback));
        });
    }

    [Fact]
    public void Half_precision_products_are_summed_in_float32()
    {
        Agree(3e-2, [Random(1, 9, 6), Random(2, 9, 5), Random(3, 6, 5)], t => Ops.Gemm(t[2], t[0], t[1], transposeA: true, accumulate: true), DType.BF16, 2);
        Agree(3e-2, [Random(1, 9, 6), Random(2, 9, 5), Random(3, 6, 5)], t => Ops.Gemm(t[2], t[0], t[1], transposeA: true), DType.BF16, 2);
    }

    [Fact]
    public void Square_sum_is_exact_for_tiny_and_huge_values_and_shows_a_non_finite_one()
    {
        using var x = Tensor.From<float>([1e-20f, 3e18f, -4e18f], 3);
        Assert.Equal(2.5e37, x.SquareSum(), 1e31);
        x.Span<float>()[0] = float.NaN;
        Assert.True(double.IsNaN(x.SquareSum()));
    }
}
