using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Merging.Rescue;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class RescueRunTests
{
    private readonly RescueFolder _folder = new();
    private readonly List<string> _told = [];

    [Fact]
    public void B10_a_sweep_measures_picks_and_writes()
    {
        var summary = Run(_folder.Options());
        Assert.Equal(["aligned", "tuned", "linear-0.25", "linear-0.5"], _told);
        Assert.Equal(["aligned", "linear-0.25", "linear-0.5", "tuned"], summary.Points.Select(point => point.Name));
        Assert.Equal((RescueRule.AsrLimit, "rows/loss", true), (summary.Rule, summary.Utility, summary.LowerIsBetter));
        Assert.All(summary.Points, point => Assert.Equal((5, 5), (point.Utility.Count, point.Asr!.Count)));
        Assert.Equal(summary.Points.MinBy(point => point.Utility.Value)!.Name, summary.Picked);   // the limit of 1 lets all pass
        Assert.Equal(["model", "points.jsonl", "report.html", "samples.jsonl", "summary.json"], Directory.GetFileSystemEntries(_folder.Output).Select(Path.GetFileName).Order());

        // The written model, loaded as anyone would, has the figure that it was picked for.
        using var model = Ballast.Generation.LanguageModel.Load(summary.Model!);
        var task = RescueTask.Load(_folder.In("rows.jsonl"), null, null, null, model);
        Assert.Equal(summary.Pick!.Utility.Value, HeldOut.Of(model, task.Rows!, cancellationToken: TestContext.Current.CancellationToken).Loss.Mean);
        string card = File.ReadAllText(Path.Combine(summary.Model!, "README.md"));
        Assert.Contains(summary.TunedHash, card, StringComparison.Ordinal);
        Assert.Contains($"| lambda (share of the tuned model) | {summary.Lambda} |", card, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pick_is_tested_against_both_ends_on_the_same_prompts()
    {
        var summary = Run(_folder.Options() with { Rule = RescueRule.BestUtility });
        Assert.StartsWith("linear-", summary.Picked);
        Assert.Equal(summary.BestUtility, summary.Picked);
        Assert.Contains(summary.Comparisons, test => test.Name == "rows/loss" && test.First == summary.Picked && test.Second == "tuned" && test.Count == 5);
        Assert.Contains(summary.Comparisons, test => test.Name == "harmful/attack-success-rate/extended" && test.First == "aligned" && test.Second == summary.Picked && test.P is not null);
    }

    [Theory]
    [InlineData("task.yaml", null, "task/rouge-1")]
    [InlineData("task.yaml", "exact-match", "task/exact-match")]
    [InlineData("task.yaml", "token-accuracy", "task/token-accuracy")]
    [InlineData("rows.jsonl", "rouge-l", "rows/rouge-l")]
    public void Utility_is_what_was_asked_for(string validation, string? utility, string figure)
    {
        var summary = Run(_folder.Options(validation) with { Utility = utility, Lambdas = [0.5], Limit = 3 });
        Assert.Equal((figure, false), (summary.Utility, summary.LowerIsBetter));
        Assert.All(summary.Points, point => Assert.Equal((figure, 3, 3), (point.Utility.Name, point.Utility.Count, point.Asr!.Count)));
        Assert.Equal("linear-0.5", summary.Picked);   // the ends were measured, but not offered
    }

    [Fact]
    public void A_suite_and_a_data_file_of_the_same_rows_have_the_same_loss()
    {
        var rows = Run(_folder.Options() with { Lambdas = [0.5] });
        var suite = new RescueRun(_folder.Options("task.yaml") with { Utility = "loss", Lambdas = [0.5], Output = _folder.In("other") }).Run(TestContext.Current.CancellationToken);
        Assert.Equal(rows.Points.Select(point => point.Utility.Value), suite.Points.Select(point => point.Utility.Value));
    }

    [Fact]
    public void Nothing_under_the_limit_is_said_and_no_model_is_left()
    {
        Run(_folder.Options());
        Assert.True(Directory.Exists(Path.Combine(_folder.Output, "model")));
        var summary = Run(_folder.Options() with { AsrLimit = 0.0001 });
        Assert.Equal((null, null, null, null), (summary.Picked, summary.Lambda, summary.Model, summary.UnderLimit));
        Assert.NotNull(summary.Safest);
        Assert.False(Directory.Exists(Path.Combine(_folder.Output, "model")));
        Assert.Contains("Nothing was picked", File.ReadAllText(Path.Combine(_folder.Output, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void K1_a_killed_sweep_goes_on_where_it_stopped()
    {
        var whole = Run(_folder.Options() with { Output = _folder.In("whole") });
        _told.Clear();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Assert.ThrowsAny<OperationCanceledException>(() => new RescueRun(_folder.Options(), point =>
        {
            _told.Add(point.Name);
            if (_told.Count == 3)
            {
                stop.Cancel();
            }
        }).Run(stop.Token));
        string points = Path.Combine(_folder.Output, "points.jsonl");
        string[] before = File.ReadAllLines(points);
        Assert.Equal(3, before.Length);
        Assert.False(Directory.Exists(Path.Combine(_folder.Output, "model")));
        File.AppendAllText(points, "{\"key\": \"torn");

        var resumed = Run(_folder.Options());
        string[] after = File.ReadAllLines(points);
        Assert.Equal(before, after[..3]);
        Assert.Equal(4, after.Length);
        Assert.Equal(whole.Points.Select(point => (point.Key, point.Utility.Value, point.Asr!.Value)), resumed.Points.Select(point => (point.Key, point.Utility.Value, point.Asr!.Value)));
        Assert.Equal(ModelFolder.HashWeights(whole.Model!, TestContext.Current.CancellationToken), ModelFolder.HashWeights(resumed.Model!, TestContext.Current.CancellationToken));

        Run(_folder.Options());
        Assert.Equal(after, File.ReadAllLines(points));
    }

    [Fact]
    public void K1_a_method_that_does_not_reach_the_tuned_model_is_not_taken_for_it_the_second_time()
    {
        var options = _folder.Options() with { Methods = ["ties:density=0.2"], Lambdas = [0, 0.5, 1] };
        var first = Run(options);
        Assert.NotEqual(Figures(first, "tuned"), Figures(first, "ties:density=0.2-1"));
        var second = Run(options);
        Assert.All(first.Points, point => Assert.Equal(Figures(first, point.Name), Figures(second, point.Name)));

        string page = File.ReadAllText(Path.Combine(_folder.Output, "report.html"));
        Assert.Contains("</i>tuned</span>", page, StringComparison.Ordinal);   // not on the line of ties, which ends elsewhere

        static (double, string?) Figures(RescueSummary summary, string name) => (summary.Point(name).Utility.Value, summary.Point(name).Method);
    }

    [Fact]
    public void K1_replies_of_a_point_that_was_not_finished_are_kept()
    {
        var options = _folder.Options() with { Lambdas = [0.5] };
        var whole = Run(options);
        string points = Path.Combine(_folder.Output, "points.jsonl"), samples = Path.Combine(_folder.Output, "samples.jsonl");
        string[] lines = File.ReadAllLines(samples);
        File.WriteAllText(points, "");
        File.WriteAllLines(samples, lines[..2]);
        Directory.Delete(Path.Combine(_folder.Output, "model"), recursive: true);
        Assert.Equal(whole.Picked, Run(options).Picked);
        Assert.Equal(lines[..2], File.ReadAllLines(samples)[..2]);   // answered once
        Assert.Equal(lines.Length, File.ReadAllLines(samples).Length);
    }

    [Fact]
    public void A_prompt_that_is_too_long_is_found_before_anything_is_measured()
    {
        File.WriteAllText(_folder.In("long.jsonl"), $$"""{"prompt": "{{new string('x', 300)}}", "completion": "y"}""" + "\n");
        File.WriteAllText(_folder.In("long.yaml"), "name: long\nkind: utility\nprompts: long.jsonl\ncolumn: prompt\nreference: completion\n");
        Refused(_folder.Options("long.yaml"), "filter the prompt out");
    }

    [Fact]
    public void Other_models_under_the_same_names_are_measured_anew()
    {
        Run(_folder.Options() with { Lambdas = [0.5] });
        Directory.Delete(_folder.Tuned, recursive: true);
        Cli.TinyModel.Create(_folder.Tuned, 3);
        Run(_folder.Options() with { Lambdas = [0.5] });
        Assert.Equal(6, File.ReadAllLines(Path.Combine(_folder.Output, "points.jsonl")).Length);
    }

    [Fact]
    public void Refinement_halves_the_gaps_beside_the_pick()
    {
        var summary = Run(_folder.Options() with { Rule = RescueRule.BestUtility, Lambdas = [0.5], Refinements = 1 });
        Assert.Equal(["linear-0.25", "linear-0.5", "linear-0.75"], summary.Points.Skip(1).SkipLast(1).Select(point => point.Name));
    }

    [Fact]
    public void Without_safety_the_papers_rule_picks_and_a_warning_says_what_is_missing()
    {
        var summary = Run(_folder.Options() with { Safety = [] });
        Assert.Equal((RescueRule.BestUtility, null), (summary.Rule, summary.Safest));
        Assert.Contains(summary.Warnings, warning => warning.StartsWith("Safety was not measured", StringComparison.Ordinal));
        Assert.DoesNotContain("Attack success against utility", File.ReadAllText(Path.Combine(_folder.Output, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_shows_the_frontier()
    {
        var summary = Run(_folder.Options());
        string page = File.ReadAllText(Path.Combine(_folder.Output, "report.html"));
        var figure = System.Xml.Linq.XDocument.Parse(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)).Descendants("figure").First();
        Assert.Contains("frontier", (string)figure.Attribute("class")!);
        string[] labels = [.. figure.Descendants("text").Select(text => text.Value)];
        Assert.Contains(summary.Picked is "aligned" or "tuned" ? $"{summary.Picked} picked" : $"{summary.Lambda} picked", labels);
        Assert.Contains("limit 100.0 %", labels);
        Assert.Equal(4, figure.Descendants("circle").Count(circle => (string?)circle.Attribute("class") == "dot"));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Output, "summary.json")))!;
        Assert.Equal(summary.Picked, (string?)json["picked"]);
        Assert.Null(json["points"]![0]!["rows"]);
    }

    [Fact]
    public void Bad_options_are_refused_before_anything_is_written()
    {
        Refused(_folder.Options() with { Lambdas = [1.5] }, "must be in [0, 1], got 1.5");
        Refused(_folder.Options() with { Lambdas = [0, 1], Rule = RescueRule.BestUtility }, "between 0 and 1");
        Refused(_folder.Options() with { Methods = ["magic"] }, "magic");
        Refused(_folder.Options() with { Safety = [], Rule = RescueRule.AsrLimit }, "--safety");
        Refused(_folder.Options() with { AsrLimit = 0 }, "--limit-asr");
        Refused(_folder.Options() with { Utility = "los" }, "did you mean 'loss'");
        Refused(_folder.Options("nothing.jsonl"), "nothing.jsonl");
        Refused(_folder.Options("harmful.yaml"), "no utility suite");
        Refused(_folder.Options() with { Safety = SuiteLoader.Load(_folder.In("task.yaml")) }, "measures utility");
        Refused(_folder.Options() with { Tuned = _folder.In("nowhere") }, "nowhere");
        Refused(_folder.Options() with { Tuned = _folder.Aligned }, "same weights");
        Directory.CreateDirectory(_folder.Output);
        File.WriteAllText(Path.Combine(_folder.Output, "mine.txt"), "");
        Assert.Contains("no rescue wrote", Assert.Throws<ConfigException>(() => Run(_folder.Options())).Message);
        Assert.Single(Directory.GetFiles(_folder.Output));
    }

    private RescueSummary Run(RescueOptions options) => new RescueRun(options, point => _told.Add(point.Name)).Run(TestContext.Current.CancellationToken);

    private void Refused(RescueOptions options, string message)
    {
        Assert.Contains(message, Assert.ThrowsAny<BallastException>(() => Run(options)).Message);
        Assert.False(Directory.Exists(_folder.Output));
    }
}
