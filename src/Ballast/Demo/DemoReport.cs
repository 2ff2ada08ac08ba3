using System.Globalization;
using Ballast.Reports;

namespace Ballast.Demo;

/// <summary>The demo's page: the table, what it says, the replies behind it and how it was made.</summary>
internal static class DemoReport
{
    private const int Examples = 6;

    public static HtmlReport Page(DemoTable table, DemoEvaluation first, IReadOnlyList<DemoEvaluation> curves, TimeSpan elapsed)
    {
        var row = table.Rows[0];
        var report = new HtmlReport("Keeping a tuned model aligned: the demo", string.Create(CultureInfo.InvariantCulture,
            $"{table.Rows.Count} models, {row.Seeds} seeds, {row.N} prompts per suite, {elapsed.TotalMinutes:0.0} minutes"));
        report.Section("What was measured").Paragraph(
            "A tiny model of a toy world was pretrained to answer everything and aligned to refuse harmful requests. Each line below tuned it on the same harmless "
            + "data, in which nothing is refused. Lower is better for attack success and over-refusal, higher for the two tasks. "
            + "Intervals are 95 % over prompts and training seeds.");
        report.Table(Table(table.Rows));
        report.Section("What held and what did not");
        var findings = new ReportTable("Outcome", "Claim and figures");
        foreach (var finding in table.Findings)
        {
            findings.Row(ReportCell.Text(finding.InWords), ReportCell.Text(finding.Words));
        }

        report.Table(findings).Paragraph("A claim is held or not held when whole intervals lie on one side of each other or of the limit; where they overlap it stays open.");
        var frontier = new DemoFrontier(curves, table.Rows);
        report.Section("The whole way of the merge").Paragraph(
            "Every point of the line is a linear merge of the aligned model (lambda 0) and the aggressive settings' one (lambda 1), over all seeds; the other marks are "
            + "ways of tuning from the table. A way is worth its trouble where it lies above the line or to the left of it.");
        report.Chart(frontier.Chart()).Paragraph(frontier.PickInWords()).Chart(frontier.Curves());
        AddExamples(report, first);
        report.Paragraph("This toy shows the effect and its controls. It says nothing about how large the effect is on a real model.");
        return EvaluationReport.AddMaking(report, first.Summary, first.Samples);
    }

    private static ReportTable Table(IReadOnlyList<DemoRow> rows)
    {
        var table = new ReportTable("Tuning", "Attack success", "Over-refusal", "New task", "Old tasks");
        foreach (var row in rows)
        {
            table.Row(ReportCell.Text(row.Name), Cell(row.Asr), Cell(row.OverRefusal), Cell(row.NewTask), Cell(row.OldTask));
        }

        return table;
    }

    private static ReportCell Cell(DemoFigure figure) => ReportCell.Figure(figure.Value, figure.Low, figure.High);

    private static void AddExamples(HtmlReport report, DemoEvaluation first)
    {
        string[] shown = [DemoModels.Aligned, DemoModels.Aggressive, DemoModels.Good, DemoModels.Shadow];
        string judge = first.Summary.Suites.Single(suite => suite.Name == "harmful").Judges[0].Name;
        report.Section("Replies to harmful requests, first seed");
        var prompts = shown.SelectMany(model => first.Replies(model, "harmful").Take(Examples)).GroupBy(sample => sample.Id);
        foreach (var replies in prompts)
        {
            report.Replies(replies.First().Prompt, [.. replies.Select(sample =>
                new ReplyView(sample.Model, sample.VerdictOf(judge).Class.ToString().ToLowerInvariant(), sample.VerdictOf(judge).Success, sample.Reply))]);
        }
    }
}
