using System.Globalization;
using Ballast.Evaluation;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;

namespace Ballast.Reports;

/// <summary>Shows an evaluation: what it found, what changed between models, and how every figure was made.</summary>
public static class EvaluationReport
{
    private const int MaxChangedPrompts = 40;

    /// <summary>The whole page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="summary">The evaluation.</param>
    /// <param name="samples">Its judged replies.</param>
    public static HtmlReport Page(string title, EvaluationSummary summary, IReadOnlyList<Sample> samples)
    {
        var report = new HtmlReport(title, string.Join(" \u2192 ", summary.Models.Select(model => model.Name)));
        AddFigures(report, summary);
        AddChangedReplies(report, summary, samples);
        return AddMaking(report, summary, samples);
    }

    /// <summary>Adds the sections with the figures: at a glance, what changed, every figure.</summary>
    public static HtmlReport AddFigures(HtmlReport report, EvaluationSummary summary)
    {
        report.Section("At a glance");
        foreach (string warning in summary.Warnings)
        {
            report.Warning(warning);
        }

        report.Table(Glance(summary));
        report.Paragraph("Lower is better for attack success and over-refusal, higher for utility. Each figure is over all prompts of its suite, with its 95 % interval; the pictures reach from 0 to 100 %, those of differences from -100 to +100 points.");
        if (summary.Comparisons.Count > 0)
        {
            report.Section("What changed").Table(Changes(summary))
                .Paragraph("Both models answered the same prompts, so only the prompts whose verdict changed count: "
                    + "p is McNemar's exact test for rates and the paired t test for means. The interval of a difference is Newcombe's for paired rates and Student's t for means. Fewer than six changed prompts can never reach 5 %. No p is corrected for the number of comparisons.");
        }

        report.Section("Every figure").Table(Figures(summary));
        return report.Paragraph("Figures of different judges cannot be compared. A judge's error was measured on people's labels of XSTest answers: "
            + "sensitivity is the share of compliant answers it calls compliant, specificity the share of refusals it calls refusals. Both move with the model and the prompts.");
    }

    /// <summary>Adds the prompts on which some model's verdict differs from the first model's, replies side by side.</summary>
    public static HtmlReport AddChangedReplies(HtmlReport report, EvaluationSummary summary, IReadOnlyList<Sample> samples)
    {
        if (summary.Models.Count < 2)
        {
            return report;
        }

        report.Section("Replies whose verdict changed");
        foreach (SuiteEntry suite in summary.Suites.Where(suite => suite.Judges.Count > 0))
        {
            string judge = suite.Judges[0].Name;
            Sample[][] changed =
            [
                .. samples.Where(sample => sample.Suite == suite.Name).GroupBy(sample => sample.Id)
                    .Select(group => summary.Models.Select(model => group.First(sample => sample.Model == model.Name)).ToArray())
                    .Where(group => group.Any(sample => sample.VerdictOf(judge).Class != group[0].VerdictOf(judge).Class)),
            ];
            report.Heading($"{suite.Name}, judged by {judge}");
            report.Paragraph(changed.Length switch
            {
                0 => $"No verdict changed on any of the {suite.Prompts} prompts.",
                > MaxChangedPrompts => $"{changed.Length} of {suite.Prompts} prompts; the first {MaxChangedPrompts} are shown, all of them are in {SampleLog.FileName}.",
                _ => $"{changed.Length} of {suite.Prompts} prompts.",
            });
            foreach (Sample[] group in changed.Take(MaxChangedPrompts))
            {
                report.Replies(group[0].Prompt, [.. group.Select(sample => View(sample, judge))]);
            }
        }

        return report;
    }

    /// <summary>Adds the section that lets a reader repeat the evaluation.</summary>
    public static HtmlReport AddMaking(HtmlReport report, EvaluationSummary summary, IReadOnlyList<Sample> samples)
    {
        report.Section("How everything was made").Facts([("Ballast", summary.Ballast), .. summary.Models.Select(model => (model.Name, model.Hash))]);
        foreach (SuiteEntry suite in summary.Suites)
        {
            report.Heading(suite.Name).Facts(Facts(suite));
            if (samples.FirstOrDefault(sample => sample.Suite == suite.Name) is { } first)
            {
                report.Details($"The first prompt as '{first.Model}' read it", first.Rendered);
            }
        }

        JudgeEntry[] judges = [.. summary.Suites.SelectMany(suite => suite.Judges).DistinctBy(judge => judge.Name)];
        return judges.Length == 0 ? report : report.Heading("Judges").Facts(judges.Select(judge => ($"{judge.Name} ({judge.Version})", judge.Rule)));
    }

    private static ReportTable Glance(EvaluationSummary summary)
    {
        (SuiteEntry Suite, string Name, string Heading)[] figures = [.. summary.Suites.Select(suite => suite.Kind switch
        {
            SuiteKind.Harmful => (suite, $"{suite.Name}/{Measures.AttackSuccessRate}/{suite.Judges[0].Name}", $"Attack success, {suite.Name} ({suite.Judges[0].Name})"),
            SuiteKind.Benign => (suite, $"{suite.Name}/{Measures.OverRefusal}/{suite.Judges[0].Name}", $"Over-refusal, {suite.Name} ({suite.Judges[0].Name})"),
            _ => (suite, $"{suite.Name}/{suite.Metrics[0]}", $"Utility, {suite.Name} ({suite.Metrics[0]})"),
        }).OrderBy(figure => figure.suite.Kind)];
        var table = new ReportTable(["Model", .. figures.Select(figure => figure.Heading)]);
        foreach (ModelEntry model in summary.Models)
        {
            table.Row([ReportCell.Text(model.Name), .. figures.Select(figure =>
                ReportCell.Figure(summary.Results.Single(result => result.Model == model.Name && result.Name == figure.Name), Color(summary, model.Name)))]);
        }

        return table;
    }

    private static ReportTable Changes(EvaluationSummary summary)
    {
        var table = new ReportTable("Models", "Before \u2192 after", "Difference", "Points (95 %)", "Changed", "p");
        foreach (IGrouping<string, Comparison> figure in summary.Comparisons.GroupBy(change => change.Name))
        {
            table.Group(figure.Key);
            foreach (Comparison change in figure)
            {
                string interval = change.Low is null ? "" : $" ({ReportNumber.Points(change.Low.Value)} to {ReportNumber.Points(change.High!.Value)})";
                table.Row(
                    ReportCell.Text($"{change.First} \u2192 {change.Second}"),
                    ReportCell.Number($"{ReportNumber.Percent(change.FirstValue)} \u2192 {ReportNumber.Percent(change.SecondValue)}"),
                    ReportCell.Difference(change.Difference, change.Low, change.High, Color(summary, change.Second)),
                    ReportCell.Number(ReportNumber.Points(change.Difference) + interval),
                    ReportCell.Number(change.OnlyFirst is null ? $"n = {change.Count}" : $"+{change.OnlySecond} \u2212{change.OnlyFirst} of {change.Count}"),
                    ReportCell.Number(ReportNumber.P(change.P)));
            }
        }

        return table;
    }

    private static ReportTable Figures(EvaluationSummary summary)
    {
        var table = new ReportTable("Model", "Value", "", "95 % interval", "Count", "Empty replies");
        foreach (IGrouping<string, MetricResult> figure in summary.Results.OrderBy(result => result.Kind).GroupBy(result => result.Name))
        {
            table.Group(figure.Key, Error(summary, figure.First()));
            foreach (MetricResult result in figure)
            {
                table.Row(
                    ReportCell.Text(result.Model), ReportCell.Number(ReportNumber.Percent(result.Value)),
                    ReportCell.Interval(result.Value, result.Low, result.High, Color(summary, result.Model)),
                    ReportCell.Number(ReportNumber.PercentInterval(result.Low, result.High)),
                    ReportCell.Number(result.Successes is null ? $"n = {result.Count}" : $"{result.Successes} of {result.Count}"),
                    ReportCell.Number(result.EmptyCounted > 0 ? $"{result.Empty}, {result.EmptyCounted} counted" : $"{result.Empty}"));
            }
        }

        return table;
    }

    private static int Color(EvaluationSummary summary, string model) => summary.Models.Select(entry => entry.Name).ToList().IndexOf(model);

    // What stands beside a figure about the error of its judge; null for figures without one.
    private static string? Error(EvaluationSummary summary, MetricResult result)
    {
        if (result.Judge is null)
        {
            return null;
        }

        JudgeEntry judge = summary.Suites.Single(suite => suite.Name == result.Suite).Judges.Single(judge => judge.Name == result.Judge);
        return judge.Accuracy.Count == 0
            ? "judge's error unknown"
            : $"judge's sensitivity {Range(judge.Accuracy.Select(known => known.Sensitivity))}, specificity {Range(judge.Accuracy.Select(known => known.Specificity))}";
    }

    private static string Range(IEnumerable<double> shares) => string.Join("\u2013",
        new[] { shares.Min(), shares.Max() }.Distinct().Select(share => share.ToString("0.00", CultureInfo.InvariantCulture)));

    private static IEnumerable<(string, string)> Facts(SuiteEntry suite)
    {
        yield return ("Kind", suite.Kind.ToString().ToLowerInvariant());
        yield return ("Prompts", $"{suite.Prompts} (the denominator of every figure; empty replies stay in it)");
        yield return ("File", suite.Source is null ? "made by a program" : $"{suite.Source.File}, column {suite.Source.Column}, {suite.Source.Selection}");
        yield return ("File SHA-256", suite.Source?.Sha256 ?? "none");
        yield return ("Suite hash", suite.Hash);
        yield return ("Template", suite.Template == PromptStyle.Chat ? "the model's chat template" : "none, bare text");
        yield return ("System message", suite.System ?? "none");
        yield return ("Template variables", suite.TemplateVariables?.ToJsonString() ?? "none");
        yield return ("Decoding", suite.Temperature == 0
            ? "greedy"
            : string.Create(CultureInfo.InvariantCulture, $"sampled, temperature {suite.Temperature}, top-p {suite.TopP}, seed {suite.Seed}"));
        yield return ("New tokens", $"at most {suite.MaxNewTokens}");
        yield return suite.Judges.Count > 0
            ? ("Judges", string.Join(", ", suite.Judges.Select(judge => $"{judge.Name} ({judge.Version})")))
            : ("Metrics", string.Join(", ", suite.Metrics));
    }

    private static ReplyView View(Sample sample, string judge)
    {
        Verdict verdict = sample.VerdictOf(judge);
        bool bad = (verdict.Class == ReplyClass.Complied) == (sample.Kind == SuiteKind.Harmful);
        string why = verdict.Phrase is null ? "" : $": {verdict.Phrase}";
        return new ReplyView(sample.Model, verdict.Class.ToString().ToLowerInvariant() + why, bad, sample.Reply);
    }
}
