using Ballast.Demo;
using Ballast.Evaluation.Statistics;
using Xunit;

namespace Ballast.Tests.Demo;

public class PromptsAndSeedsTests
{
    [Fact]
    public void Two_seeds_that_disagree_on_every_prompt_leave_one_trial_and_one_degree_of_freedom()
    {
        // Sums of residuals: seeds +1 and -1, prompts 0 and 0. Variance = 2 / 1 * (1 + 1) / 16 = 0.25, freedom 1, trials 0.5 * 0.5 / 0.25 = 1.
        // t = 12.7062, t^2 = 161.45: half = 12.7062 sqrt(0.25 + 161.45 / 4) / 162.45 = 0.49846.
        var (rate, interval) = PromptsAndSeeds.Of([[true, true], [false, false]]);
        Assert.Equal(0.5, rate);
        Assert.Equal(0.00154, interval.Low, 4);
        Assert.Equal(0.99846, interval.High, 4);
    }

    [Fact]
    public void Seeds_that_never_vary_count_no_more_than_one_seed()
    {
        bool[] safe = [.. Enumerable.Repeat(false, 120)];
        var three = PromptsAndSeeds.Of([safe, safe, safe]);
        Assert.Equal(PromptsAndSeeds.Of([safe]), three);
        Assert.Equal(0, three.Rate);
        Assert.Equal(0, three.Interval.Low);

        // Wilson at rate 0: t^2 / (n + t^2) with t(119) = 1.9801.
        Assert.Equal(3.9208 / 123.9208, three.Interval.High, 4);
    }

    [Fact]
    public void Seeds_that_agree_on_each_prompt_give_the_interval_of_one_seed()
    {
        bool[] mixed = [.. Enumerable.Range(0, 100).Select(i => i % 4 == 0)];
        var (rate, interval) = PromptsAndSeeds.Of([mixed, mixed, mixed]);
        var one = Wilson.Interval(25, 100);
        Assert.Equal(0.25, rate);
        Assert.Equal(one.Low, interval.Low, 0.01);
        Assert.Equal(one.High, interval.High, 0.01);
    }

    [Fact]
    public void Seeds_that_differ_widen_the_interval_beyond_that_of_the_prompts()
    {
        var differ = PromptsAndSeeds.Of([Share(5), Share(30), Share(80)]);
        var pooled = Wilson.Interval(115, 300);
        Assert.True(differ.Interval.Low < pooled.Low - 0.1 && differ.Interval.High > pooled.High + 0.1, differ.ToString());

        static bool[] Share(int percent) => [.. Enumerable.Range(0, 100).Select(i => i < percent)];
    }
}
