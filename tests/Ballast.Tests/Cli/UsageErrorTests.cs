using Xunit;

namespace Ballast.Tests.Cli;

public class UsageErrorTests
{
    [Theory]
    [InlineData("--lambda: expected a number such as 0.5, found '0,5'", "merge", "--base", "a", "--tuned", "b", "--out", "c", "--lambda", "0,5")]
    [InlineData("--weight: expected a number such as 0.5, found '1,000'", "lora", "combine", "a", "--out", "c", "--weight", "1,000")]
    [InlineData("--temperature: expected a number such as 0.5, found 'hot'", "generate", "m", "--prompt", "x", "--temperature", "hot")]
    [InlineData("--limit: expected a whole number, found '1.5'", "eval", "m", "--suite", "s", "--limit", "1.5")]
    [InlineData("--seed: expected a whole number, 0 or above, found '-1'", "generate", "m", "--prompt", "x", "--seed", "-1")]
    [InlineData("--kind: expected cat, linear, svd, ties, found 'sum'", "lora", "combine", "a", "--out", "c", "--weight", "1", "--kind", "sum")]
    public void A_value_that_does_not_fit_is_named_with_what_is_expected(string expected, params string[] args)
    {
        string line = CommandLine.Run(args).UserFault();
        Assert.StartsWith($"error: {expected}; 'ballast {args[0]}", line);
        Assert.EndsWith(" --help' shows what it takes", line.TrimEnd());
    }
}
