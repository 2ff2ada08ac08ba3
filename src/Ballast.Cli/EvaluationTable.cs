using System.Globalization;
using Ballast.Evaluation;
using Ballast.Reports;

namespace Ballast.Cli;

/// <summary>The figures of an evaluation as tables, and its warnings as messages.</summary>
internal static class EvaluationTable
{
    public static void Print(EvaluationSummary summary, Terminal terminal)
    {
        var figures = new TextTable("figure", "model", ">value", ">95 % interval", ">n");
        foreach (var result in summary.Results)
        {
            figures.Add(
                result.Name, result.Model, ReportNumber.Percent(result.Value), ReportNumber.PercentInterval(result.Low, result.High),
                result.Count.ToString(CultureInfo.InvariantCulture));
        }

        figures.WriteTo(terminal);
        if (summary.Comparisons.Count > 0)
        {
            terminal.Out.WriteLine();
            Compared(summary).WriteTo(terminal);
        }

        foreach (string warning in summary.Warnings)
        {
            terminal.Say($"warning: {warning}");
        }
    }

    private static TextTable Compared(EvaluationSummary summary)
    {
        var table = new TextTable("paired on the same prompts", "from", "to", ">points", ">95 % interval", ">p");
        foreach (var pair in summary.Comparisons)
        {
            string interval = pair is { Low: double low, High: double high } ? $"{ReportNumber.Points(low)} to {ReportNumber.Points(high)}" : "n too small";
            table.Add(pair.Name, pair.First, pair.Second, ReportNumber.Points(pair.Difference), interval, ReportNumber.P(pair.P));
        }

        return table;
    }
}
