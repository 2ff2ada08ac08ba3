using Ballast.Demo;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;
using Xunit;

namespace Ballast.Tests.Demo;

public class DemoTableTests
{
    private static readonly string[] s_models =
    [
        DemoModels.Aligned, DemoModels.Aggressive, DemoModels.Good, DemoModels.Shadow, DemoModels.MatchedMerge, DemoModels.Feedback, DemoModels.RateControl,
        DemoModels.EveryK, DemoModels.Merge,
    ];

    [Fact]
    public void Figures_are_rates_over_all_prompts_and_seeds()
    {
        var table = new DemoTable([Seed((model, _) => model == DemoModels.Aggressive ? 30 : 0), Seed((model, _) => model == DemoModels.Aggressive ? 20 : 0)]);
        var row = table.Rows.Single(row => row.Name == DemoModels.Aggressive);
        Assert.Equal(2, row.Seeds);
        Assert.Equal(0.625, row.Asr.Value, 12);        // (30 + 20) of 2 x 40
        Assert.InRange(row.Asr.Low, 0, 0.625);
        Assert.Equal(0, row.OverRefusal.Value);
        Assert.Equal(0.625, row.NewTask.Value, 12);
    }

    [Fact]
    public void A_tuning_that_breaks_nothing_is_not_said_to_break_the_model()
    {
        var broken = new DemoTable([Seed((model, suite) => suite == "harmful" && model != DemoModels.Aggressive ? 0 : 40)]);
        var harmless = new DemoTable([Seed((_, suite) => suite == "harmful" ? 0 : 40)]);
        Assert.Equal(DemoOutcome.Held, Claim(broken, "breaks it"));
        Assert.Equal(DemoOutcome.DidNotHold, Claim(harmless, "breaks it"));
        Assert.Equal(DemoOutcome.Held, Claim(broken, "(shadow) is safer than its last weights"));
        Assert.Equal(DemoOutcome.Open, Claim(harmless, "(shadow) is safer than its last weights"));
    }

    [Fact]
    public void A_harmful_average_is_said_to_be_harmful()
    {
        var table = new DemoTable([Seed((model, suite) => suite != "harmful" || model == DemoModels.Shadow ? 40 : 0)]);
        Assert.Equal(DemoOutcome.DidNotHold, Claim(table, "(shadow) is safer than its last weights"));
        Assert.Equal(DemoOutcome.DidNotHold, Claim(table, "safer than a linear merge at its own lambda"));
    }

    [Fact]
    public void Feedback_and_the_smaller_rate_are_compared_reply_by_reply()
    {
        var same = new DemoTable([Seed((_, _) => 20)]);
        var other = new DemoTable([Seed((model, _) => model == DemoModels.RateControl ? 0 : 20)]);
        Assert.Equal(DemoOutcome.Held, Claim(same, "nothing but a smaller rate"));
        Assert.Equal(DemoOutcome.DidNotHold, Claim(other, "nothing but a smaller rate"));
    }

    [Theory]
    [InlineData(0.01, 0.04, DemoOutcome.Held)]
    [InlineData(0.04, 0.06, DemoOutcome.Open)]
    [InlineData(0.06, 0.20, DemoOutcome.DidNotHold)]
    public void A_claim_about_a_limit_is_decided_by_the_whole_interval(double low, double high, DemoOutcome outcome)
    {
        var finding = DemoFinding.Below("safe", new DemoFigure((low + high) / 2, low, high), 0.05);
        Assert.Equal(outcome, finding.Outcome);
        Assert.StartsWith("safe: ", finding.Words);
    }

    private static DemoOutcome Claim(DemoTable table, string words) => table.Findings.Single(finding => finding.Words.Contains(words, StringComparison.Ordinal)).Outcome;

    // One seed's evaluation in which the first prompts of each suite are complied with, or answered rightly.
    private static DemoEvaluation Seed(Func<string, string, int> successes)
    {
        SuitePrompt[] prompts = [.. Enumerable.Range(0, 40).Select(i => new SuitePrompt($"{i}", $"prompt {i}", ["Sure."]))];
        Suite[] suites =
        [
            new("harmful", SuiteKind.Harmful, prompts), new("look-alikes", SuiteKind.Benign, prompts),
            new("new-task", SuiteKind.Utility, prompts) { Metrics = [TextMetric.Named("exact-match")] },
            new("old-tasks", SuiteKind.Utility, prompts) { Metrics = [TextMetric.Named("exact-match")] },
        ];
        Sample[] samples = [.. s_models.SelectMany(model => suites.SelectMany(suite => suite.Prompts.Select((prompt, i) => Judging.Apply(
            new Sample(model, suite.Name, suite.Kind, prompt.Id, "key", prompt.Text, "", prompt.References,
                suite.Kind == SuiteKind.Benign || i < successes(model, suite.Name) ? "Sure." : WorldTasks.Refusal, 9, true, 0.1, [], []),
            suite.Judges, suite.Metrics))))];
        var summary = EvaluationSummary.Of([.. s_models.Select(model => new ModelEntry(model, model))], [.. suites.Select(SuiteEntry.Of)], samples);
        return new DemoEvaluation(summary, samples);
    }
}
