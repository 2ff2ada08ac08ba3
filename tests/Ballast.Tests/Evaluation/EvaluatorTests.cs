using System.Text.Json.Nodes;
using Ballast.Evaluation;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;
using Ballast.Generation;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Evaluation;

public class EvaluatorTests
{
    private const string Refusal = "I can't help with that.";

    private static readonly Suite s_harmful = Prompts("harm", SuiteKind.Harmful, 20) with { Generation = new GenerationOptions(BatchSize: 2) };
    private static readonly Suite s_benign = Prompts("safe", SuiteKind.Benign, 10);
    private static readonly Suite s_sums = new("sums", SuiteKind.Utility, [new("1", "2+2", ["4", "four"]), new("2", "3+3", ["6"]), new("3", "1+1", ["2"])])
    {
        Metrics = [TextMetric.Named("exact-match"), TextMetric.Named("squad-f1")],
    };

    private readonly string _folder = Shared.TemporaryFolder();

    [Fact]
    public void Rates_tests_and_means_of_two_models_are_those_worked_by_hand()
    {
        // Aligned refuses everything harmful and nothing safe; tuned refuses numbers up to 13 of both. Sums: aligned 1 of 3 right, tuned 3 of 3.
        using FakeModel aligned = new("aligned", text => Sum(text, "4", "?", "?") ?? (text.Contains("harm") ? Refusal : "Sure."));
        using FakeModel tuned = new("tuned", text => Sum(text, "four", "6", "2") ?? (Number(text) <= 13 ? Refusal : "Sure."));
        EvaluationSummary summary = Run([aligned, tuned], s_harmful, s_benign, s_sums);

        MetricResult attack = Figure(summary, "tuned", "harm/attack-success-rate/extended");
        Assert.Equal((20, 7, 0.35), (attack.Count, attack.Successes, attack.Value));
        Assert.Equal(0.1812, attack.Low!.Value, 1e-4);   // Wilson for 7 of 20
        Assert.Equal(0.5671, attack.High!.Value, 1e-4);
        Assert.Equal(0.65, Figure(summary, "tuned", "harm/refusal-rate/extended").Value);
        Assert.Equal(1.0, Figure(summary, "tuned", "safe/over-refusal/extended").Value);
        Assert.Equal(0.0, Figure(summary, "aligned", "safe/over-refusal/extended").Value);
        Assert.Equal(1.0, Figure(summary, "tuned", "sums/exact-match").Value);
        Assert.Equal(1.0 / 3, Figure(summary, "aligned", "sums/exact-match").Value, 1e-12);

        Comparison change = summary.Comparisons.Single(comparison => comparison.Name == "harm/attack-success-rate/extended");
        Assert.Equal(("aligned", "tuned", 0, 7, 20), (change.First, change.Second, change.OnlyFirst, change.OnlySecond, change.Count));
        Assert.Equal(2 * Math.Pow(0.5, 7), change.P!.Value, 1e-12);   // J11: exact McNemar, 0 against 7
        Comparison utility = summary.Comparisons.Single(comparison => comparison.Name == "sums/exact-match");
        Assert.Equal((0, 2), (utility.OnlyFirst, utility.OnlySecond));
        Assert.Equal(0.5, utility.P!.Value, 1e-12);
        Comparison mean = summary.Comparisons.Single(comparison => comparison.Name == "sums/squad-f1");
        Assert.Equal(2.0 / 3, mean.Difference, 1e-12);   // differences 0, 1, 1: t = 2 with 2 degrees of freedom
        Assert.Equal(0.1835, mean.P!.Value, 1e-4);
    }

    [Fact]
    public void J7_Every_rate_names_its_suite_and_judge_and_only_equal_judges_are_compared()
    {
        using FakeModel one = new("one", _ => "I won't.");
        using FakeModel two = new("two", _ => "Sure.");
        EvaluationSummary summary = Run([one, two], s_harmful);
        Assert.All(summary.Results, result => Assert.Equal($"{result.Suite}/{result.Measure}/{result.Judge}", result.Name));
        Assert.Equal(0.0, Figure(summary, "one", "harm/attack-success-rate/extended").Value);
        Assert.Equal(1.0, Figure(summary, "one", "harm/attack-success-rate/qi-29").Value);   // Qi's list does not know "I won't"
        Assert.Equal(
            ["harm/attack-success-rate/extended", "harm/refusal-rate/extended", "harm/attack-success-rate/qi-29", "harm/refusal-rate/qi-29"],
            summary.Comparisons.Select(comparison => comparison.Name));
    }

    [Fact]
    public void J9_The_summary_says_how_every_figure_came_about()
    {
        using FakeModel model = new("m", _ => Refusal);
        Suite suite = s_harmful with
        {
            System = "Be kind.",
            TemplateVariables = new JsonObject { ["date_string"] = "1 Jan" },
            Generation = new GenerationOptions(MaxNewTokens: 7, Temperature: 0.5, TopP: 0.9, Seed: 11),
            Source = new SuiteSource("harm.csv", "abc", "goal", "first 20", "a note"),
        };
        Run([model], suite);
        JsonNode summary = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "summary.json")))!;
        JsonNode entry = summary["suites"]![0]!;
        Assert.Equal(suite.Hash(), (string)entry["hash"]!);
        Assert.Equal("chat|Be kind.|{\"date_string\":\"1 Jan\"}|7|0.5|0.9|11|20", string.Join('|',
            entry["template"], entry["system"], entry["template_variables"]!.ToJsonString(), entry["max_new_tokens"], entry["temperature"], entry["top_p"], entry["seed"], entry["prompts"]));
        Assert.Equal("{\"file\":\"harm.csv\",\"sha256\":\"abc\",\"column\":\"goal\",\"selection\":\"first 20\",\"note\":\"a note\"}", entry["source"]!.ToJsonString());
        Assert.Equal("extended", (string)entry["judges"]![0]!["name"]!);
        Assert.Equal("LLMs-Finetuning-Safety 8a3b38f", (string)entry["judges"]![1]!["version"]!);
        Assert.Equal(0.770, (double)entry["judges"]![1]!["accuracy"]![1]!["specificity"]!);   // J8
        Assert.Equal("hash of m", (string)summary["models"]![0]!["hash"]!);
        Assert.Equal(20, (int)summary["results"]![0]!["count"]!);
        Assert.Equal(0, (int)summary["results"]![0]!["empty"]!);
        Assert.Equal("<system>Be kind.<user>harm 1<assistant>", SampleLog.Read(Path.Combine(_folder, "samples.jsonl"))[0].Rendered);
    }

    [Fact]
    public void J10_Every_figure_and_every_difference_has_its_count_and_interval()
    {
        using FakeModel one = new("one", text => text.Contains('1') ? "2" : Refusal);
        using FakeModel two = new("two", _ => "6");
        EvaluationSummary summary = Run([one, two], s_harmful, s_benign, s_sums);
        Assert.Equal(2 * (4 + 2 + 2), summary.Results.Count);
        Assert.All(summary.Results, result => Assert.True(result.Count > 0 && result.Low <= result.Value && result.Value <= result.High && result.Low < result.High));
        Assert.All(summary.Comparisons, change => Assert.True(change.Count > 0 && change.Low <= change.Difference && change.Difference <= change.High));
    }

    [Fact]
    public void J12_Attack_success_without_over_refusal_is_warned_of()
    {
        using FakeModel model = new("m", _ => Refusal);
        Assert.Contains(Run([model], s_harmful).Warnings, warning => warning.StartsWith("Over-refusal was not measured", StringComparison.Ordinal));
        Assert.Empty(Run([model], s_harmful, s_benign).Warnings);
    }

    [Fact]
    public void An_empty_reply_counts_as_its_list_says_and_is_counted_apart()
    {
        using FakeModel model = new("m", text => Number(text) <= 5 ? " \n" : Refusal);
        EvaluationSummary summary = Run([model], s_harmful, s_benign);
        MetricResult published = Figure(summary, "m", "harm/attack-success-rate/qi-29");
        Assert.Equal((20, 5, 5), (published.Successes, published.Empty, published.EmptyCounted));   // "I can't help with that." is no refusal for Qi's list
        MetricResult own = Figure(summary, "m", "harm/attack-success-rate/extended");
        Assert.Equal((0, 5, 0), (own.Successes, own.Empty, own.EmptyCounted));
        Assert.Equal(0.75, Figure(summary, "m", "harm/refusal-rate/extended").Value);
        Assert.Contains("harm/attack-success-rate/qi-29: 5 of the 20 successes of 'm' are empty replies", summary.Warnings[0]);
    }

    [Fact]
    public void J15_A_missing_verdict_or_reply_stops_the_summary()
    {
        using FakeModel model = new("m", _ => Refusal);
        Sample[] samples = [.. Ask(model, s_harmful)];
        ModelEntry[] models = [new("m", "h")];
        SuiteEntry[] suites = [SuiteEntry.Of(s_harmful)];
        samples[3] = samples[3] with { Verdicts = [samples[3].Verdicts[0]] };
        var fault = Assert.Throws<RunException>(() => EvaluationSummary.Of(models, suites, samples));
        Assert.Equal("harm: the reply of 'm' to prompt '4' has no verdict of 'qi-29'; judge the saved replies again", fault.Message);
        Assert.Equal("harm: 'm' has 19 replies of 20; run the evaluation again to get the missing ones",
            Assert.Throws<RunException>(() => EvaluationSummary.Of(models, suites, samples[1..])).Message);
        Assert.Equal("harm: the replies of 'm' have not been judged",
            Assert.Throws<RunException>(() => Measures.Of([.. samples.Select(sample => sample with { Verdicts = [] })])).Message);
    }

    [Fact]
    public void K5_Prompts_are_generated_in_batches_and_the_batch_size_changes_no_figure()
    {
        using FakeModel batched = new("m", text => Number(text) % 3 == 0 ? "Sure." : Refusal);
        Suite large = s_harmful with { Generation = new GenerationOptions(BatchSize: 32) };
        Suite single = s_harmful with { Generation = new GenerationOptions(BatchSize: 1) };
        IReadOnlyList<Sample> one = Ask(batched, large);
        Assert.Equal(20, Assert.Single(batched.Asked).Length);
        Assert.Equal(one.Select(sample => sample with { Seconds = 0, Verdicts = [], Scores = [] }),
            Ask(batched, single).Select(sample => sample with { Seconds = 0, Verdicts = [], Scores = [] }));
    }

    [Fact]
    public void The_longest_prompts_are_asked_first()
    {
        using FakeModel model = new("m", _ => Refusal);
        Ask(model, s_harmful with { Prompts = [new("a", "x", []), new("b", "xxxx", []), new("c", "xx", [])] });
        Assert.Equal(["<user>xxxx<assistant>", "<user>xx<assistant>", "<user>x<assistant>"], model.Asked[0]);
    }

    [Fact]
    public void K1_An_interrupted_evaluation_asks_only_what_is_missing()
    {
        using FakeModel killed = new("m", _ => Refusal) { CallsLeft = 1 };   // 8 of 20 prompts: 4 batches of 2
        Assert.Throws<OperationCanceledException>(() => Run([killed], s_harmful));
        File.AppendAllText(Path.Combine(_folder, "samples.jsonl"), "{\"model\": \"m\", \"sui");   // killed while writing
        using FakeModel again = new("m", _ => Refusal);
        EvaluationSummary summary = Run([again], s_harmful);
        Assert.Equal(12, again.Asked.Sum(portion => portion.Length));
        Assert.Empty(killed.Asked.SelectMany(p => p).Intersect(again.Asked.SelectMany(p => p)));
        Assert.Equal(20, Figure(summary, "m", "harm/refusal-rate/extended").Successes);
        Assert.Equal(s_harmful.Prompts.Select(prompt => prompt.Id), SampleLog.Read(Path.Combine(_folder, "samples.jsonl")).Select(sample => sample.Id));
    }

    [Fact]
    public void K1_A_complete_evaluation_never_opens_the_model_again_and_changed_settings_ask_again()
    {
        using FakeModel model = new("m", _ => Refusal);
        Run([model], s_harmful);
        using FakeModel other = new("m", _ => Refusal);
        Run([other], s_harmful with { Judges = [PublishedJudges.XsTest21], Generation = s_harmful.Generation with { BatchSize = 7 } });
        Assert.Empty(other.Asked);
        Run([other], s_harmful with { System = "Be kind." });
        Assert.Equal(20, other.Asked.Sum(portion => portion.Length));
        other.Asked.Clear();
        Evaluator.Run([EvaluatedModel.Of(other, "another hash")], [s_harmful with { System = "Be kind." }], _folder, null, TestContext.Current.CancellationToken);
        Assert.Equal(20, other.Asked.Sum(portion => portion.Length));
    }

    [Fact]
    public void K7_Saved_replies_are_judged_again_without_the_model()
    {
        using FakeModel model = new("m", text => Sum(text, "4", "6", "?") ?? "I won't.");
        EvaluationSummary before = Run([model], s_harmful, s_sums);
        int asked = model.Asked.Count;
        EvaluationSummary after = Evaluator.Rescore(_folder, [PublishedJudges.Gcg7], [TextMetric.Named("squad-f1")]);
        Assert.Equal(asked, model.Asked.Count);
        Assert.Equal(["harm/attack-success-rate/gcg-7", "harm/refusal-rate/gcg-7", "sums/squad-f1"], after.Results.Select(result => result.Name));
        Assert.Equal(1.0, after.Results[0].Value);
        Assert.Equal(2.0 / 3, after.Results[2].Value, 1e-12);
        Assert.Equal(before.Suites[0].Hash, after.Suites[0].Hash);
        Assert.Equal("gcg-7", Evaluator.ReadSummary(_folder).Suites[0].Judges.Single().Name);
    }

    [Fact]
    public void K1_A_folder_is_hashed_with_its_template_and_opened_only_while_replies_are_missing()
    {
        string folder = Shared.TemporaryFolder();
        foreach (string file in Directory.GetFiles(Shared.Path("data", "tinyllama-stories260K", "hf")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        using FakeModel model = new("m", _ => Refusal);
        int opened = 0;
        EvaluatedModel[] Folder() => [EvaluatedModel.FromFolder("named", folder, () => opened++ == 0 ? model : throw new InvalidOperationException())];
        string hash = Folder()[0].Hash;
        EvaluationSummary first = Evaluator.Run(Folder(), [s_benign], _folder, null, TestContext.Current.CancellationToken);
        Assert.True(model.Closed);
        Assert.Equal(("named", hash), (first.Models[0].Name, first.Models[0].Hash));
        Evaluator.Run(Folder(), [s_benign], _folder, null, TestContext.Current.CancellationToken);
        Assert.Equal(1, opened);
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{{ messages[0].content }}");
        Assert.NotEqual(hash, Folder()[0].Hash);
        Assert.Throws<InvalidOperationException>(() => Evaluator.Run(Folder(), [s_benign], _folder, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_one_clear_line()
    {
        string file = Path.Combine(_folder, "taken");
        File.WriteAllText(file, "");
        using FakeModel model = new("m", _ => Refusal);
        Assert.StartsWith($"{file}: cannot be written", Assert.Throws<RunException>(() =>
            Evaluator.Run([EvaluatedModel.Of(model, "h")], [s_benign], file, null, TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void A_lent_model_is_left_open()
    {
        using FakeModel model = new("m", _ => Refusal);
        EvaluatedModel lent = EvaluatedModel.Of(model, "h");
        Evaluator.Run([lent], [s_benign], _folder, null, TestContext.Current.CancellationToken);
        Assert.False(model.Closed);
    }

    [Fact]
    public void Sampling_portions_get_different_seeds()
    {
        using FakeModel model = new("m", _ => Refusal);
        Ask(model, s_harmful with { Generation = new GenerationOptions(Temperature: 1, Seed: 5, BatchSize: 2) });
        Assert.Equal([5UL, 13UL, 21UL], model.Options.Select(options => options.Seed));
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_and_a_model_without_template_are_refused()
    {
        using FakeModel small = new("small", _ => Refusal) { MaxLength = 10 };
        Assert.Equal("harm: prompt '1' has 23 tokens, 'small' takes 10 with the reply; filter the prompt out",
            Assert.Throws<DataException>(() => Ask(small, s_harmful)).Message);
        using FakeModel bare = new("bare", _ => Refusal) { Template = null };
        Assert.StartsWith("harm: 'bare' has no chat template", Assert.Throws<ConfigException>(() => Ask(bare, s_harmful)).Message);
        Ask(bare, s_harmful with { Style = PromptStyle.Raw, System = "Sys" });
        Assert.Equal("Sys\n\nharm 10", bare.Asked[0][0][^12..]);
    }

    [Fact]
    public void Equal_names_and_empty_lists_are_refused()
    {
        using FakeModel model = new("m", _ => Refusal);
        Assert.Equal("two models are called 'm'; give them different names", Assert.Throws<ConfigException>(() => Run([model, model], s_benign)).Message);
        Assert.Equal("two suites are called 'safe'; give them different names", Assert.Throws<ConfigException>(() => Run([model], s_benign, s_benign)).Message);
        Assert.Equal("an evaluation needs at least one suite", Assert.Throws<ConfigException>(() => Run([model])).Message);
    }

    [Fact]
    public void A_broken_log_line_is_named_and_hostile_text_survives_the_log()
    {
        string path = Path.Combine(_folder, "samples.jsonl");
        File.WriteAllText(path, "{}\n");
        Assert.StartsWith($"{path}:1: not a saved sample", Assert.Throws<DataException>(() => SampleLog.Read(path)).Message);
        using FakeModel model = new("m", _ => "line\u2028\r\n</script>\0\"\\ \U0001F600");
        File.Delete(path);
        Run([model], s_benign);
        Assert.All(SampleLog.Read(path), sample => Assert.Equal("line\u2028\r\n</script>\0\"\\ \U0001F600", sample.Reply));
    }

    private EvaluationSummary Run(FakeModel[] models, params Suite[] suites) =>
        Evaluator.Run([.. models.Select(model => EvaluatedModel.Of(model, "hash of " + model.Name))], suites, _folder, null, TestContext.Current.CancellationToken);

    private static IReadOnlyList<Sample> Ask(FakeModel model, Suite suite) => Questioning.Ask(model, suite, null, TestContext.Current.CancellationToken);

    private static MetricResult Figure(EvaluationSummary summary, string model, string name) =>
        summary.Results.Single(result => result.Model == model && result.Name == name);

    private static Suite Prompts(string name, SuiteKind kind, int count) =>
        new(name, kind, [.. Enumerable.Range(1, count).Select(number => new SuitePrompt($"{number}", $"{name} {number}", []))]);

    private static int Number(string text) => int.Parse(text.Split(' ')[1].Split('<')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static string? Sum(string text, string four, string six, string two) => text switch
    {
        _ when text.Contains("2+2") => four,
        _ when text.Contains("3+3") => six,
        _ when text.Contains("1+1") => two,
        _ => null,
    };
}
