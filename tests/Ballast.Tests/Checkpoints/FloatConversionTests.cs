using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Checkpoints;

public class FloatConversionTests
{
    private static readonly ushort[] s_all16 = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Every_16_bit_value_survives_the_way_to_float_and_back(DType type)
    {
        float[] floats = Floats(type, s_all16);
        byte[] back = new byte[2 * floats.Length];
        FloatConversion.FromSingle(floats, type, back);
        byte[] backFromDouble = new byte[2 * floats.Length];
        FloatConversion.FromDouble([.. floats.Select(f => (double)f)], type, backFromDouble);
        for (int i = 0; i < floats.Length; i++)
        {
            if (float.IsNaN(floats[i]))
            {
                Assert.Equal(0, FiniteCheck.FirstNonFinite(type, back.AsSpan(2 * i, 2)));
                Assert.True(float.IsNaN(Floats(type, [BitConverter.ToUInt16(backFromDouble, 2 * i)])[0]));
            }
            else
            {
                Assert.Equal(s_all16[i], BitConverter.ToUInt16(back, 2 * i));
                Assert.Equal(s_all16[i], BitConverter.ToUInt16(backFromDouble, 2 * i));
            }
        }
    }

    [Theory]
    [InlineData(DType.F16, 0x3C00, 1f)]
    [InlineData(DType.F16, 0x7BFF, 65504f)]
    [InlineData(DType.F16, 0x0001, 5.9604645e-8f)]
    [InlineData(DType.F16, 0xFC00, float.NegativeInfinity)]
    [InlineData(DType.BF16, 0x3F80, 1f)]
    [InlineData(DType.BF16, 0x4049, 3.140625f)]
    [InlineData(DType.BF16, 0x7F7F, 3.3895314e38f)]
    [InlineData(DType.BF16, 0x8000, -0f)]
    public void Known_values_are_read(DType type, int bits, float value) =>
        Assert.Equal(BitConverter.SingleToUInt32Bits(value), BitConverter.SingleToUInt32Bits(Floats(type, [(ushort)bits])[0]));

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Narrowing_takes_the_nearest_value_and_ties_go_to_even(DType type)
    {
        // Between each two neighbors: the midpoint is a tie, a little below and above it are not.
        int last = type == DType.F16 ? 0x7BFF : 0x7F7F;
        float[] grid = Floats(type, s_all16);
        List<double> values = [];
        List<int> expected = [];
        foreach (int sign in new[] { 0, 0x8000 })
        {
            for (int i = 0; i < last; i++)
            {
                double low = grid[sign | i];
                double middle = (low + grid[sign | (i + 1)]) / 2;
                values.AddRange([middle, Math.BitDecrement(Math.Abs(middle)) * Math.Sign(middle), Math.BitIncrement(Math.Abs(middle)) * Math.Sign(middle)]);
                expected.AddRange([sign | (i + i % 2), sign | i, sign | (i + 1)]);
            }
        }

        byte[] fromDouble = new byte[2 * values.Count];
        FloatConversion.FromDouble(CollectionsMarshal.AsSpan(values), type, fromDouble);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, ushort>(fromDouble).ToArray().Select(b => (int)b));

        // Midpoints are exact floats; their neighbors are tried at float precision.
        float[] floats = [.. values.Select((v, i) => i % 3 == 0 ? (float)v : Beside((float)values[i - i % 3], up: i % 3 == 2))];
        byte[] fromFloat = new byte[2 * floats.Length];
        FloatConversion.FromSingle(floats, type, fromFloat);
        Assert.Equal(expected, MemoryMarshal.Cast<byte, ushort>(fromFloat).ToArray().Select(b => (int)b));
    }

    [Theory]
    [InlineData(DType.F16, 65519.99, 0x7BFF)]
    [InlineData(DType.F16, 65520, 0x7C00)]
    [InlineData(DType.F16, -1e300, 0xFC00)]
    [InlineData(DType.BF16, 3.39e38, 0x7F7F)]
    [InlineData(DType.BF16, 3.4e38, 0x7F80)]
    [InlineData(DType.BF16, 1e300, 0x7F80)]
    [InlineData(DType.BF16, double.NegativeInfinity, 0xFF80)]
    public void Overflow_becomes_infinity(DType type, double value, int bits)
    {
        byte[] result = new byte[2];
        FloatConversion.FromDouble([value], type, result);
        Assert.Equal(bits, BitConverter.ToUInt16(result));
    }

    [Fact]
    public void Double_is_rounded_once()
    {
        // 1 + 2^-8 is a tie of BF16 and goes to 1; a float cannot hold the 2^-40 above it, so rounding twice would give 1 as well.
        byte[] result = new byte[2];
        FloatConversion.FromDouble([1 + Math.Pow(2, -8) + Math.Pow(2, -40)], DType.BF16, result);
        Assert.Equal(0x3F81, BitConverter.ToUInt16(result));
    }

    [Fact]
    public void F32_and_F64_go_through_unchanged()
    {
        double[] doubles = [0, -0.0, 1.5, 1e-40, double.NaN, double.PositiveInfinity, .. Enumerable.Range(1, 600).Select(i => 1f / i)];
        byte[] f32 = new byte[doubles.Length * 4];
        FloatConversion.FromDouble(doubles, DType.F32, f32);
        float[] floats = new float[doubles.Length];
        FloatConversion.ToSingle(DType.F32, f32, floats);
        Assert.Equal(doubles.Select(d => (float)d), floats);
        double[] back = new double[doubles.Length];
        FloatConversion.ToDouble(DType.F32, f32, back);
        Assert.Equal(floats.Select(f => (double)f), back);
        byte[] f64 = new byte[doubles.Length * 8];
        FloatConversion.FromSingle(floats, DType.F64, f64);
        FloatConversion.ToSingle(DType.F64, f64, floats);
        Assert.Equal(back, floats.Select(f => (double)f));
    }

    [Fact]
    public void Wrong_types_and_lengths_are_bugs()
    {
        Assert.Throws<ArgumentException>(() => FloatConversion.ToSingle(DType.I32, new byte[4], new float[1]));
        Assert.Throws<ArgumentException>(() => FloatConversion.FromSingle(new float[2], DType.BF16, new byte[3]));
    }

    [Theory]
    [InlineData(DType.F32, 0x7F800000ul, 0x7F7FFFFFul)]
    [InlineData(DType.F32, 0xFFC00001ul, 0xFF7FFFFFul)]
    [InlineData(DType.F16, 0x7C00ul, 0x7BFFul)]
    [InlineData(DType.BF16, 0xFF81ul, 0xFF7Ful)]
    [InlineData(DType.F64, 0x7FF0000000000000ul, 0x7FEFFFFFFFFFFFFFul)]
    public void Non_finite_elements_are_found_wherever_they_are_G5(DType type, ulong bad, ulong good)
    {
        int size = type.BitSize / 8;
        byte[] fine = [.. Enumerable.Repeat(BitConverter.GetBytes(good)[..size], 37).SelectMany(b => b)];
        Assert.Equal(-1, FiniteCheck.FirstNonFinite(type, fine));
        for (int i = 0; i < 37; i++)
        {
            byte[] bytes = (byte[])fine.Clone();
            BitConverter.GetBytes(bad)[..size].CopyTo(bytes, i * size);
            Assert.Equal(i, FiniteCheck.FirstNonFinite(type, bytes));
        }
    }

    [Fact]
    public void A_non_finite_weight_is_reported_with_file_and_tensor_G5()
    {
        string path = RawSafetensors.Save([]);
        RawSafetensors.SaveFloats(path, ("fine", [1, 2]), ("w", [1, 2, float.NaN]));
        using var checkpoint = Checkpoint.Open(Path.GetDirectoryName(path)!);
        FiniteCheck.Require(checkpoint, "fine");
        CheckpointException fault = Assert.Throws<CheckpointException>(() => FiniteCheck.Require(checkpoint, "w"));
        Assert.StartsWith($"{path}: tensor 'w': element 2 is not finite", fault.Message, StringComparison.Ordinal);
    }

    private static float Beside(float value, bool up) =>
        Math.Sign(value) * (up ? MathF.BitIncrement(MathF.Abs(value)) : MathF.BitDecrement(MathF.Abs(value)));

    private static float[] Floats(DType type, ushort[] bits)
    {
        float[] floats = new float[bits.Length];
        FloatConversion.ToSingle(type, MemoryMarshal.AsBytes<ushort>(bits), floats);
        return floats;
    }
}
