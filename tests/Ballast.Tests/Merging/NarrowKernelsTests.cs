using Ballast.Checkpoints;
using Ballast.Merging.Methods;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Merging;

public class NarrowKernelsTests
{
    [Theory]
    [InlineData(DType.F16, 1)]
    [InlineData(DType.F16, 2)]
    [InlineData(DType.F16, 3)]
    [InlineData(DType.BF16, 2)]
    public void Sums_in_registers_have_the_bits_of_sums_in_buffers(DType type, int terms)
    {
        const int Count = 4096;
        Random random = new(terms);
        float[] weights = [.. Enumerable.Range(0, terms).Select(_ => random.NextSingle() * 2 - 0.7f)];
        byte[][] inputs = [.. weights.Select(_ => Stored(type, Enumerable.Range(0, Count).Select(i => i % 7 == 0 ? -0f : (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-24, 3)))))];
        float[] expected = new float[Count], values = new float[Count];
        for (int k = 0; k < terms; k++)
        {
            FloatConversion.ToSingle(type, inputs[k], values);
            for (int i = 0; i < Count; i++)
            {
                expected[i] = k == 0 ? values[i] * weights[k] : MathF.FusedMultiplyAdd(values[i], weights[k], expected[i]);
            }
        }

        byte[] sums = new byte[2 * Count], tail = new byte[Count];
        Assert.True(NarrowKernels.TrySum(type, inputs, 0, weights, sums));
        Assert.Equal(Stored(type, expected), sums);
        Assert.True(NarrowKernels.TrySum(type, inputs, Count / 2, weights, tail));
        Assert.Equal(sums[Count..], tail);
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Differences_and_scaled_additions_have_the_bits_of_those_in_buffers(DType type)
    {
        const int Count = 4096;
        Random random = new(5);
        byte[] x = Values(), y = Values(), sums = new byte[2 * Count];
        float[] a = new float[Count], b = new float[Count], difference = new float[Count];
        FloatConversion.ToSingle(type, x, a);
        FloatConversion.ToSingle(type, y, b);
        Assert.True(NarrowKernels.TrySubtract(type, x, y, difference));
        Assert.Equal(a.Zip(b, (p, q) => BitConverter.SingleToUInt32Bits(p - q)), difference.Select(BitConverter.SingleToUInt32Bits));
        Assert.True(NarrowKernels.TryAddScaled(type, difference, 0.7f, y, sums));
        Assert.Equal(Stored(type, difference.Zip(b, (d, q) => MathF.FusedMultiplyAdd(d, 0.7f, q))), sums);
        Assert.False(NarrowKernels.TryAddScaled(type, difference, float.MaxValue, y, sums));

        byte[] Values() => Stored(type, Enumerable.Range(0, Count).Select(i => i % 9 == 0 ? -0f : (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-24, 3))));
    }

    [Theory]
    [InlineData(DType.F16, 60000f)]
    [InlineData(DType.BF16, 3e38f)]
    public void A_sum_that_does_not_fit_is_told(DType type, float large)
    {
        byte[] ones = Stored(type, Enumerable.Repeat(1f, 64)), one = Stored(type, Enumerable.Range(0, 64).Select(i => i == 37 ? large : 1));
        Assert.True(NarrowKernels.TrySum(type, [ones, one], 0, [1, 1], new byte[128]));
        Assert.False(NarrowKernels.TrySum(type, [one, one], 0, [1, 1], new byte[128]));
    }

    [Theory]
    [InlineData(DType.F32, 64)]
    [InlineData(DType.F16, 33)]
    public void Other_types_and_odd_lengths_do_not_apply(DType type, int count)
    {
        byte[] input = Stored(type, Enumerable.Repeat(1f, count));
        float[] floats = new float[count];
        Assert.False(NarrowKernels.TrySum(type, [input], 0, [1], new byte[input.Length]));
        Assert.False(NarrowKernels.TrySubtract(type, input, input, floats));
        Assert.False(NarrowKernels.TryAddScaled(type, floats, 1, input, new byte[input.Length]));
    }

    private static byte[] Stored(DType type, IEnumerable<float> values)
    {
        float[] all = [.. values];
        byte[] bytes = new byte[all.Length * type.BitSize / 8];
        FloatConversion.FromSingle(all, type, bytes);
        return bytes;
    }
}
