using Ballast.Data;
using Ballast.Models;
using Xunit;

namespace Ballast.Tests.Data;

public class RowPackingTests
{
    private static TokenRow Row(string source, params int[] ids) => new(ids, [.. ids], source);

    [Fact]
    public void Packed_rows_keep_their_positions_and_their_own_beginning()
    {
        TokenBatch batch = RowPacking.Pack([Row("f:1", 5, 6, 7), Row("f:2", 8, 9)]);
        Assert.Equal([5, 6, 7, 8, 9], batch.InputIds);
        Assert.Equal([-100, 6, 7, -100, 9], batch.Labels!);
        Assert.Equal([0, 1, 2, 0, 1], batch.Positions!);
        Assert.Equal([0, 0, 0, 3, 3], batch.Starts!);
        Assert.Equal((1, 5, 3), (batch.Batch, batch.Tokens, batch.TargetCount));
        Assert.Equal(["f:1", "f:2"], batch.Sources!);
    }

    [Fact]
    public void First_fit_fills_groups_longest_row_first()
    {
        TokenRow[] rows = [.. new[] { 2, 6, 3, 5, 4, 2 }.Select((length, i) => Row($"f:{i}", new int[length]))];
        int[][] groups = [.. RowPacking.FirstFit(rows, 8).Select(group => group.Select(row => row.Length).ToArray())];
        Assert.Equal([[6, 2], [5, 3], [4, 2]], groups);  // the last 2 finds its first place in the third group
        Assert.Equal(["f:1", "f:0"], RowPacking.FirstFit(rows, 8).First().Select(row => row.Source));
    }

    [Fact]
    public void A6_packing_loses_no_token_pads_nothing_and_keeps_every_row_in_its_step()
    {
        TokenRow[] rows = [.. Enumerable.Range(0, 40).Select(i => Row($"f:{i}", [.. Enumerable.Repeat(i + 1, 2 + (i * 7 % 11))]))];
        var plain = new BatchLoader(rows, 8, 2, seed: 3);
        var packed = new BatchLoader(rows, 8, 2, seed: 3, packing: true);
        Assert.True(plain.PaddingShare() > 0.05);
        Assert.Equal(0, packed.PaddingShare());
        Assert.Equal(plain.StepsPerEpoch, packed.StepsPerEpoch);
        for (int step = 0; step < 2 * plain.StepsPerEpoch; step++)
        {
            IReadOnlyList<TokenBatch> one = plain.Next(), other = packed.Next();
            Assert.Equal(one.SelectMany(batch => batch.Sources!).Order(), other.SelectMany(batch => batch.Sources!).Order());
            Assert.Equal(one.Sum(batch => batch.TargetCount), other.Sum(batch => batch.TargetCount));
            Assert.All(other, batch => Assert.InRange(batch.Tokens, 2, 2 * rows.Max(row => row.Length)));
            Assert.True(other.Count <= one.Count);
        }
    }
}
