using Ballast.Evaluation;
using Ballast.Generation;
using Xunit;

namespace Ballast.Tests.Evaluation;

public class HeldOutTests
{
    [Fact]
    public void Loss_and_accuracy_weigh_tokens_and_rows_are_the_independent_units()
    {
        // Losses 2 over 2 tokens and 4 over 2 tokens: mean 1.5; residual sums -1 and 1: sqrt(2/1 * 2) / 4 = 0.5.
        HeldOut result = HeldOut.Of([new RowScore(2, 2, 2), new RowScore(4, 2, 0), new RowScore(0, 0, 0)]);
        Assert.Equal((1.5, 0.5), (result.Loss.Mean, result.TokenAccuracy.Mean));
        Assert.Equal(0.5, result.Loss.StandardError, 1e-12);
        Assert.Equal((2, 4L), (result.Rows, result.Targets));
        Assert.InRange(result.TokenAccuracy.Interval.Low, 0, 0.5);
        Assert.InRange(result.TokenAccuracy.Interval.High, 0.5, 1);
    }

    [Fact]
    public void Rows_without_targets_are_a_fault() =>
        Assert.StartsWith("none of the 1 held-out rows has a target token", Assert.Throws<DataException>(() => HeldOut.Of([new RowScore(0, 0, 0)])).Message);
}
