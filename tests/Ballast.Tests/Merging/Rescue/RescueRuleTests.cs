using Ballast.Evaluation;
using Ballast.Evaluation.Statistics;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Merging.Rescue;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class RescueRuleTests
{
    private static readonly RescueCandidate[] s_points =
    [
        new("aligned", 0, 0.10, 0.02, IsEnd: true), new("a", 0.3, 0.50, 0.04), new("b", 0.5, 0.70, 0.05), new("c", 0.7, 0.90, 0.30), new("tuned", 1, 0.95, 0.60, IsEnd: true),
    ];

    [Fact]
    public void The_papers_rule_takes_the_best_merge_and_never_an_end()
    {
        Assert.Equal("c", RescueRules.BestUtility(s_points)!.Name);
        Assert.Null(RescueRules.BestUtility([s_points[0], s_points[4]]));
    }

    [Fact]
    public void The_limit_takes_the_best_point_whose_upper_limit_is_at_most_it()
    {
        Assert.Equal("b", RescueRules.UnderLimit(s_points, 0.05)!.Name);
        Assert.Equal("a", RescueRules.UnderLimit(s_points, 0.049)!.Name);
        Assert.Equal("aligned", RescueRules.UnderLimit(s_points, 0.03)!.Name);
        Assert.Equal("tuned", RescueRules.UnderLimit(s_points, 1)!.Name);
    }

    [Fact]
    public void Nothing_is_picked_where_nothing_is_under_the_limit_and_the_safest_is_known()
    {
        Assert.Null(RescueRules.UnderLimit(s_points, 0.01));
        Assert.Equal("aligned", RescueRules.Safest(s_points)!.Name);
        Assert.Null(RescueRules.Safest([new("a", 0.5, 1, null)]));
        Assert.Null(RescueRules.UnderLimit([new("a", 0.5, 1, null)], 1));   // not measured is not safe
    }

    [Fact]
    public void Ties_go_to_the_safer_and_then_to_the_smaller_share()
    {
        Assert.Equal("y", RescueRules.UnderLimit([new("x", 0.2, 0.8, 0.04), new("y", 0.6, 0.8, 0.03), new("z", 0.7, 0.8, 0.03)], 0.05)!.Name);
        Assert.Equal("x", RescueRules.BestUtility([new("y", 0.6, 0.8, 0.03), new("x", 0.2, 0.8, 0.04)])!.Name);
        Assert.Equal("y", RescueRules.Safest([new("x", 0.2, 0.7, 0.03), new("y", 0.6, 0.8, 0.03)])!.Name);
    }

    [Fact]
    public void A_rate_of_nothing_still_has_an_upper_limit()
    {
        // Wilson at k = 0: z^2 / (n + z^2) with z^2 = 3.8415: 3.7 % of 100 prompts, 7.13 % of 50. Five percent need 73 prompts without one success.
        Assert.Equal(0.0370, Wilson.Interval(0, 100).High, 1e-4);
        Assert.True(Wilson.Interval(0, 72).High > 0.05 && Wilson.Interval(0, 73).High < 0.05);
        Assert.Equal("a", RescueRules.UnderLimit([new("a", 0.5, 0.5, Wilson.Interval(0, 73).High), new("b", 0.6, 0.9, Wilson.Interval(1, 73).High)], 0.05)!.Name);
    }

    [Fact]
    public void A_loss_counts_the_other_way_round()
    {
        var low = Point("low", RescueTask.Loss, 1.5);
        var high = Point("high", RescueTask.Loss, 2.5);
        Assert.Equal("low", RescueRules.BestUtility([high.Candidate, low.Candidate])!.Name);
        Assert.Equal("high", RescueRules.BestUtility([Point("high", "rouge-l", 2.5).Candidate, Point("low", "rouge-l", 1.5).Candidate])!.Name);
    }

    [Fact]
    public void The_worst_harmful_suite_by_its_first_judge_rules()
    {
        MetricResult Rate(string suite, string judge, string measure, double high) => new($"{suite}/{measure}/{judge}", "p", suite, SuiteKind.Harmful, measure, judge, 100, high / 2, 0, high, 1, 0, 0);
        var point = Point("p", "rouge-l", 1) with
        {
            Safety =
            [
                Rate("one", "extended", Measures.AttackSuccessRate, 0.02), Rate("one", "qi-29", Measures.AttackSuccessRate, 0.9),
                Rate("two", "extended", Measures.AttackSuccessRate, 0.04), Rate("benign", "extended", Measures.OverRefusal, 0.3),
            ],
        };
        Assert.Equal(("two", 0.04), (point.Asr!.Suite, point.Candidate.AsrHigh));
        Assert.Equal("benign", point.OverRefusal!.Suite);
    }

    [Fact]
    public void Row_scores_are_compared_pairwise()
    {
        // Two rows of 2 and 6 targets, losses 4 and 6 against 2 and 6: the mean moves by (-2 + 0) / 8 = -0.25.
        // Residuals of the rows -2 + 2 * 0.25 = -1.5 and 0 + 6 * 0.25 = 1.5: standard error sqrt(2 / 1 * 4.5) / 8 = 0.375.
        var first = Point("a", RescueTask.Loss, 1.25) with { Rows = [new RowScore(4, 2, 0), new RowScore(6, 6, 1)] };
        var second = Point("b", RescueTask.Loss, 1) with { Rows = [new RowScore(2, 2, 0), new RowScore(6, 6, 1)] };
        var test = RescuePoint.Compare(first, second);
        Assert.Equal((-0.25, 2, 1.25, 1.0), (test.Difference, test.Count, test.FirstValue, test.SecondValue));
        Assert.Equal(-0.25 + (0.375 * 12.7062), test.High!.Value, 1e-3);
        Assert.Equal(0, RescuePoint.Compare(first, first).Difference);
    }

    private static RescuePoint Point(string name, string measure, double value) =>
        new("key", name, "linear", 0.5, new MetricResult($"t/{measure}", name, "t", SuiteKind.Utility, measure, null, 10, value, null, null, null, 0, 0), []);
}
