using Ballast.Data;
using Xunit;

namespace Ballast.Tests.Data;

public class ShuffleTests
{
    /// <summary>The generator's published first outputs for seed 1234567 (stream 0 adds mix(0) = 0).</summary>
    [Fact]
    public void SplitMix64_gives_its_published_numbers()
    {
        var random = new SplitMix64(1234567);
        Assert.Equal([6457827717110365317, 3203168211198807973, 9817491932198370423], new[] { random.Next(), random.Next(), random.Next() });
    }

    [Fact]
    public void Numbers_below_a_bound_are_spread_evenly()
    {
        var random = new SplitMix64(7, 1);
        int[] counts = new int[6];
        for (int i = 0; i < 60_000; i++)
        {
            counts[random.Below(6)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Orders_never_change(ulong seed, ulong stream, int[] order) => Assert.Equal(order, Shuffle.Order(10, seed, stream));

    /// <summary>Computed by an independent implementation in Python.</summary>
    public static TheoryData<ulong, ulong, int[]> Orders => new()
    {
        { 0, 1, [9, 4, 0, 5, 2, 1, 6, 8, 3, 7] },
        { 0, 2, [7, 0, 1, 6, 4, 3, 5, 9, 8, 2] },
        { 1, 1, [7, 3, 6, 4, 9, 2, 0, 1, 8, 5] },
        { 18446744073709551615, 1, [8, 1, 2, 3, 9, 4, 6, 7, 0, 5] },
    };

    [Theory]
    [InlineData(100, 0.1, 10)]
    [InlineData(10, 0.01, 1)]
    [InlineData(10, 0.99, 9)]
    [InlineData(1, 0.5, 0)]
    public void The_held_out_share_is_rounded_but_leaves_rows_on_both_sides(int count, double share, int held) =>
        Assert.Equal(held, Shuffle.HeldOut(count, share, 0).Count(mark => mark));

    [Fact]
    public void A9_the_split_depends_on_the_seed_alone()
    {
        Assert.Equal(Shuffle.HeldOut(50, 0.2, 0), Shuffle.HeldOut(50, 0.2, 0));
        Assert.NotEqual(Shuffle.HeldOut(50, 0.2, 0), Shuffle.HeldOut(50, 0.2, 1));
    }
}
