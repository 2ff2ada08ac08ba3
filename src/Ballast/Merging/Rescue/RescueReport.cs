using System.Globalization;
using Ballast.Evaluation;
using Ballast.Reports;

namespace Ballast.Merging.Rescue;

/// <summary>The page of a rescue: the pick and its rule, the frontier, every point, paired tests, changed replies, and how it was made.</summary>
internal static class RescueReport
{
    public static HtmlReport Page(RescueSummary summary, EvaluationSummary evaluation, IReadOnlyList<Sample> samples, string formula)
    {
        var report = new HtmlReport("How much of the tuning to keep", $"{summary.Aligned} \u2192 {summary.Tuned}");
        report.Section("The pick").Paragraph(PickInWords(summary));
        foreach (string warning in summary.Warnings)
        {
            report.Warning(warning);
        }

        report.Paragraph($"The rule: {RescueWords.Rule(summary)}. {Others(summary)}");
        report.Section("The frontier");
        if (summary.Points[0].Asr is not null)
        {
            report.Chart(Frontier(summary));
            report.Paragraph("Every point is one share of the tuned model, labeled with its lambda; better is up and to the left. Bars are 95 % intervals, the dashed line is the limit that the right end of a point's bar must not pass.");
        }

        report.Charts(Curves(summary));
        report.Section("Every point").Table(Points(summary));
        report.Paragraph("The figures of the pick are those it was picked on, so they flatter it: the best of several points is partly the luckiest. Each interval covers its own point, not all of them at once. "
            + "Measure the written model on other prompts for figures without that.");
        if (summary.Comparisons.Count > 0)
        {
            report.Section("The pick against both ends").Table(Tests(summary)).Paragraph(
                "The same prompts or rows were put to both: p is McNemar's exact test for rates, the paired t test for means and, with rows as the units, for scores of rows. Not corrected for having picked.");
        }

        EvaluationReport.AddChangedReplies(report, evaluation, samples);
        EvaluationReport.AddMaking(report, evaluation, samples);
        return report.Heading("The merge").Facts(
        [
            ("Formula", formula), ("Element types", $"{summary.Types}; the weights that were measured are those that are written, bit for bit"),
            ("Aligned", $"{summary.Aligned}, weights {summary.AlignedHash}"), ("Tuned", $"{summary.Tuned}, weights {summary.TunedHash}"),
        ]);
    }

    private static string PickInWords(RescueSummary summary)
    {
        if (summary.Pick is not { } pick)
        {
            string safest = summary.Safest is { } name ? $" The safest is {name}: attack success {RescueWords.Figure(summary.Point(name).Asr!)}." : "";
            return $"Nothing was picked and no model written: no point has the upper 95 % limit of its attack success rate at or under {ReportNumber.Percent(summary.AsrLimit)}.{safest}";
        }

        string asr = pick.Asr is { } rate ? $", attack success {RescueWords.Figure(rate)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{pick.Name}, lambda {pick.Lambda}: {summary.Utility} {RescueWords.Figure(pick.Utility)}{asr}.");
    }

    private static string Others(RescueSummary summary) => summary.Rule == RescueRule.BestUtility
        ? summary.UnderLimit is { } under ? $"Under an attack success limit of {ReportNumber.Percent(summary.AsrLimit)} the pick would be {under}." : ""
        : $"By the best utility alone, as in Farn et al. 2025, the pick would be {summary.BestUtility ?? "none: no merge was measured"}.";

    private static FrontierChart Frontier(RescueSummary summary) => new(
        $"Attack success (n = {summary.Points[0].Asr!.Count}) against utility (n = {summary.Points[0].Utility.Count})", $"attack success rate ({summary.Points[0].Asr!.Name})", summary.LowerIsBetter ? $"{summary.Utility}, nats per token" : summary.Utility,
        [.. Lines(summary).Select((line, i) => new FrontierSeries(line.Method, [.. line.Points.Select(point => new FrontierPoint(
            point.Method is null ? point.Name : Number(point.Lambda),
            $"{point.Name}: {summary.Utility} {RescueWords.Figure(point.Utility)}, attack success {RescueWords.Figure(point.Asr!)}",
            point.Asr!.Value, point.Asr.Low, point.Asr.High, point.Utility.Value, point.Utility.Low, point.Utility.High, point.Name == summary.Picked))], i))],
        summary.AsrLimit, summary.LowerIsBetter);

    private static IEnumerable<LineChart> Curves(RescueSummary summary)
    {
        yield return new LineChart("Utility", "lambda", summary.LowerIsBetter ? $"{summary.Utility}, nats per token" : $"{summary.Utility}, %", [.. Lines(summary).Select((line, i) => Line(line, i, point => point.Utility))], Percent: !summary.LowerIsBetter);
        if (summary.Points[0].Asr is not null)
        {
            yield return new LineChart("Attack success", "lambda", "% of the prompts", [.. Lines(summary).Select((line, i) => Line(line, i, point => point.Asr!))], 0, 1, Percent: true);
        }

        static ChartSeries Line((string Method, RescuePoint[] Points) line, int color, Func<RescuePoint, MetricResult> figure) => new(
            line.Method, [.. line.Points.Select(point => (point.Lambda, Figure: figure(point))).Select(point => new ChartPoint(point.Lambda, point.Figure.Value, point.Figure.Low, point.Figure.High))], color);
    }

    // The points of each method from the aligned model, which all methods share, to the tuned one, where the method reaches it.
    private static (string Method, RescuePoint[] Points)[] Lines(RescueSummary summary)
    {
        RescuePoint aligned = summary.Point("aligned"), tuned = summary.Point("tuned");
        string[] methods = [.. summary.Points.Select(point => point.Method).OfType<string>().Distinct()];
        (string, RescuePoint[] Points)[] lines = [.. methods.DefaultIfEmpty("ends").Select(method => (method, Line(method)))];
        return lines.Any(line => line.Points.Contains(tuned)) ? lines : [.. lines, ("tuned", [tuned])];

        RescuePoint[] Line(string method)
        {
            RescuePoint[] own = [.. summary.Points.Where(point => point.Method == method)];
            return own.Any(point => point.Lambda == 1) ? [aligned, .. own] : [aligned, .. own, tuned];
        }
    }

    private static ReportTable Points(RescueSummary summary)
    {
        var first = summary.Points[0];
        var table = new ReportTable(
            "Point", "lambda", Headed(summary.Utility, first.Utility), Headed("Attack success", first.Asr), Headed("Over-refusal", first.OverRefusal), "Remark");
        foreach (var point in summary.Points)
        {
            string marks = string.Join(", ", new (string Word, string? Name)[] { ("picked", summary.Picked), ("best utility", summary.BestUtility), ("best under the limit", summary.UnderLimit), ("safest", summary.Safest) }
                .Where(mark => mark.Name == point.Name).Select(mark => mark.Word));
            table.Row(
                ReportCell.Text(point.Name), ReportCell.Number(Number(point.Lambda)), ReportCell.Number(Rate(point.Utility)),
                ReportCell.Number(Rate(point.Asr)), ReportCell.Number(Rate(point.OverRefusal)), ReportCell.Text(marks));
        }

        return table;

        static string Headed(string name, MetricResult? figure) => figure is null ? name : $"{name} (n = {figure.Count})";

        static string Rate(MetricResult? figure) => figure is null ? "-" : RescueWords.Figure(figure);
    }

    private static ReportTable Tests(RescueSummary summary)
    {
        var table = new ReportTable("Figure", "Models", "Before \u2192 after", "Difference (95 %)", "Changed", "p");
        foreach (var test in summary.Comparisons)
        {
            bool plain = summary.LowerIsBetter && test.Name == summary.Utility;
            string Show(double value) => plain ? ReportNumber.Plain(value) : ReportNumber.Percent(value);
            string Difference(double value) => plain ? ReportNumber.Plain(value) : ReportNumber.Points(value);
            table.Row(
                ReportCell.Text(test.Name), ReportCell.Text($"{test.First} \u2192 {test.Second}"), ReportCell.Number($"{Show(test.FirstValue)} \u2192 {Show(test.SecondValue)}"),
                ReportCell.Number(Difference(test.Difference) + (test is { Low: { } low, High: { } high } ? $" ({Difference(low)} to {Difference(high)})" : "")),
                ReportCell.Number(test.OnlyFirst is null ? $"n = {test.Count}" : $"+{test.OnlySecond} \u2212{test.OnlyFirst} of {test.Count}"), ReportCell.Number(ReportNumber.P(test.P)));
        }

        return table;
    }

    private static string Number(double lambda) => lambda.ToString("0.######", CultureInfo.InvariantCulture);
}
