using Ballast.Evaluation.Statistics;
using Xunit;

namespace Ballast.Tests.Evaluation.Statistics;

public class StatisticsTests
{
    [Fact]
    public void The_normal_quantile_is_not_rounded() => Assert.Equal(1.959963984540054, Interval.NormalQuantile(0.95), 1e-12);

    [Fact]
    public void A_rate_without_trials_has_no_interval() => Assert.True(double.IsNaN(Wilson.Interval(0, 0).Low));

    [Theory]
    [InlineData(12, 3, 0.035)]
    [InlineData(26, 10, 0.011)]
    [InlineData(6, 0, 0.031)]
    [InlineData(5, 0, 0.0625)]
    public void J11_Fewer_than_six_changed_prompts_never_reach_five_percent(int b, int c, double p) => Assert.Equal(p, McNemar.ExactP(b, c), 5e-4);

    [Fact]
    public void A_paired_difference_has_the_interval_of_the_published_example()
    {
        // Newcombe 1998 and Altman et al., Statistics with Confidence: 50 pairs 20, 12, 2, 16; difference 0.20, interval 0.056 to 0.329.
        Interval interval = PairedDifference.Interval(20, 2, 12, 16);
        Assert.Equal(0.0562, interval.Low, 5e-4);
        Assert.Equal(0.3290, interval.High, 5e-4);
    }

    [Fact]
    public void Swapping_the_models_mirrors_the_paired_interval()
    {
        Interval one = PairedDifference.Interval(7, 3, 9, 11);
        Interval other = PairedDifference.Interval(7, 9, 3, 11);
        Assert.Equal(one.Low, -other.High, 1e-12);
        Assert.Equal(one.High, -other.Low, 1e-12);
    }

    [Fact]
    public void Models_that_agree_on_every_prompt_still_have_an_interval()
    {
        Interval interval = PairedDifference.Interval(0, 0, 0, 100);
        Assert.Equal(-Wilson.Interval(0, 100).High, interval.Low, 1e-12);
        Assert.Equal(Wilson.Interval(0, 100).High, interval.High, 1e-12);
    }

    [Fact]
    public void One_value_has_a_mean_and_no_interval()
    {
        MeanEstimate estimate = SampleMean.Of([0.4]);
        Assert.Equal(0.4, estimate.Mean);
        Assert.True(double.IsNaN(estimate.StandardError));
        Assert.True(double.IsNaN(estimate.Interval.High));
    }

    [Fact]
    public void Seeds_that_all_agree_leave_the_interval_of_one_seed()
    {
        // 60 prompts, 5 seeds, no attack succeeds: 300 answers, but only 60 independent prompts (and a t quantile, so slightly wider).
        Interval interval = ClusteredMean.RateInterval([.. Enumerable.Repeat((0.0, 5), 60)]);
        Assert.Equal(0, interval.Low);
        Assert.InRange(interval.High, Wilson.Interval(0, 60).High, 0.065);
    }

    [Fact]
    public void A_clustered_rate_stays_inside_zero_and_one_and_is_wider_than_independent_answers()
    {
        // 10 prompts, 4 seeds that agree within each prompt, 3 prompts succeed. The t interval of the mean would begin below 0.
        (double, int)[] clusters = [.. Enumerable.Range(0, 10).Select(prompt => (prompt < 3 ? 4.0 : 0.0, 4))];
        Interval interval = ClusteredMean.RateInterval(clusters);
        Interval independent = Wilson.Interval(12, 40);
        Assert.InRange(interval.Low, 0, independent.Low);
        Assert.InRange(interval.High, independent.High, 1);
        Assert.True(ClusteredMean.Of(clusters).Interval.Low < 0);
    }

    [Fact]
    public void One_answer_per_prompt_gives_nearly_the_plain_Wilson_interval()
    {
        (double, int)[] clusters = [.. Enumerable.Range(0, 200).Select(prompt => (prompt < 30 ? 1.0 : 0.0, 1))];
        Interval interval = ClusteredMean.RateInterval(clusters);
        Assert.Equal(Wilson.Interval(30, 200).Low, interval.Low, 2e-3);
        Assert.Equal(Wilson.Interval(30, 200).High, interval.High, 2e-3);
    }
}
