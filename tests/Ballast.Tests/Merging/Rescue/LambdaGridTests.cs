using Ballast.Merging.Rescue;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class LambdaGridTests
{
    [Theory]
    [InlineData("0,0.1,...,1", new[] { 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1 })]
    [InlineData("0.2, 0.4,0.6 ,0.8", new[] { 0.2, 0.4, 0.6, 0.8 })]
    [InlineData("0.5,0.25,0.5", new[] { 0.25, 0.5 })]
    [InlineData("0.1,0.3,...,0.7,1", new[] { 0.1, 0.3, 0.5, 0.7, 1 })]
    [InlineData("1e-1", new[] { 0.1 })]
    public void A_list_becomes_rising_shares_that_are_the_nearest_doubles(string text, double[] expected) => Assert.Equal(expected, LambdaGrid.Parse(text));

    [Theory]
    [InlineData("1.5", "must be in [0, 1], got 1.5")]
    [InlineData("-0.1,0.2", "must be in [0, 1], got -0.1")]
    [InlineData("NaN", "got 'NaN'")]
    [InlineData("", "got ''")]
    [InlineData("0.5,,1", "got ''")]
    [InlineData("0,...,1", "step of the two numbers before")]
    [InlineData("0,0.3,...,1", "step of the two numbers before")]
    [InlineData("0.5,0.4,...,0", "step of the two numbers before")]
    [InlineData("0,0.1,...", "got ''")]
    public void What_is_no_list_of_shares_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => LambdaGrid.Parse(text)).Message);

    [Theory]
    [InlineData(0.2, null, new[] { 0.15, 0.3 })]
    [InlineData(0.0, null, new[] { 0.05 })]
    [InlineData(1.0, null, new[] { 0.7 })]
    [InlineData(0.1, 0.4, new[] { 0.05, 0.15, 0.7 })]   // the limit is crossed behind 0.4, though the best point lies before it
    [InlineData(0.1, 0.1, new[] { 0.05, 0.15 })]
    [InlineData(0.4, 1.0, new[] { 0.3, 0.7 })]          // never crossed
    public void Refining_halves_the_gaps_at_the_pick_and_behind_the_border(double pick, double? border, double[] expected) =>
        Assert.Equal(expected, LambdaGrid.Middles([0, 0.1, 0.2, 0.4, 1], pick, border));
}
