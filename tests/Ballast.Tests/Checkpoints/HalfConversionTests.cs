using Ballast.Checkpoints;
using Xunit;

namespace Ballast.Tests.Checkpoints;

public class HalfConversionTests
{
    [Fact]
    public void Every_half_becomes_the_float_it_is_and_comes_back()
    {
        ushort[] halves = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).Where(h => (h & 0x7C00) != 0x7C00)];
        float[] floats = new float[halves.Length];
        ushort[] back = new ushort[halves.Length];
        HalfConversion.ToSingle(halves, floats);
        Assert.Equal(halves.Select(h => BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf(h))), floats.Select(BitConverter.SingleToUInt32Bits));
        Assert.True(HalfConversion.FromSingle(floats, back));
        Assert.Equal(halves, back);
    }

    [Fact]
    public void Normal_halves_alone_and_beside_subnormal_ones_give_the_same_floats()
    {
        ushort[] normal = [.. Enumerable.Range(0, 320).Select(i => (ushort)(0x0400 + i * 90 + (i % 2 << 15)))], mixed = [.. normal.Select((h, i) => i % 5 == 0 ? (ushort)(i + 1) : h)];
        foreach (ushort[] halves in (ushort[][])[normal, mixed])
        {
            float[] floats = new float[halves.Length];
            HalfConversion.ToSingle(halves, floats);
            Assert.Equal(halves.Select(h => (float)BitConverter.UInt16BitsToHalf(h)), floats);
            ushort[] back = new ushort[halves.Length];
            Assert.True(HalfConversion.FromSingle(floats, back));
            Assert.Equal(halves, back);
        }
    }

    [Fact]
    public void Floats_are_rounded_to_the_nearest_half_ties_to_even()
    {
        // Around every half: the tie to the next one, and its two neighbors; and numbers from everywhere.
        Random random = new(1);
        float[] floats =
        [
            .. Enumerable.Range(0, 0x7BFF).Select(i => ((float)BitConverter.UInt16BitsToHalf((ushort)i) + (float)BitConverter.UInt16BitsToHalf((ushort)(i + 1))) / 2)
                .SelectMany(t => new[] { t, MathF.BitIncrement(t), MathF.BitDecrement(t), -t }),
            .. Enumerable.Range(0, 100_000).Select(_ => (float)(Math.Pow(2, random.NextDouble() * 40 - 25) * (random.Next(2) * 2 - 1))).Where(f => Math.Abs(f) < 65504),
        ];
        ushort[] halves = new ushort[floats.Length];
        Assert.True(HalfConversion.FromSingle(floats, halves));
        Assert.Equal(floats.Select(f => BitConverter.HalfToUInt16Bits((Half)f)), halves);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(65520f)]
    [InlineData(-1e30f)]
    public void What_is_not_finite_is_told(float value)
    {
        for (int place = 0; place < 70; place += 23)
        {
            float[] floats = new float[70];
            floats[place] = value;
            Assert.False(HalfConversion.FromSingle(floats, new ushort[70]));
        }
    }
}
