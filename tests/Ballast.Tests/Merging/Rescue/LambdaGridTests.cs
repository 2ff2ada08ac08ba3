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

    [Fact]
    public void The_middle_of_two_tenths_is_a_round_number() => Assert.Equal((0.35, 0.05), (LambdaGrid.Between(0.3, 0.4), LambdaGrid.Between(0.1, 0)));
}
