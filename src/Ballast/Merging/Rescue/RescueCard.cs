using System.Globalization;
using System.Text;
using Ballast.Evaluation;
using Ballast.Reports;

namespace Ballast.Merging.Rescue;

/// <summary>The model card of a pick: the rule, lambda, the figures with n and intervals, and the hashes of the inputs.</summary>
internal static class RescueCard
{
    public static string Write(RescueSummary summary, string formula)
    {
        var pick = summary.Pick!;
        var card = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            ---
            library_name: transformers
            tags:
            - merge
            ---
            # {NameOf(summary.Tuned)} rescued with {NameOf(summary.Aligned)}

            {formula}. Lambda was chosen by Ballast: {RescueWords.Rule(summary)}.

            | | |
            |---|---|
            | method | {pick.Method ?? "none (lambda is 0 or 1)"} |
            | lambda (share of the tuned model) | {pick.Lambda} |
            | element types | {summary.Types} |
            | aligned model | {NameOf(summary.Aligned)} |
            | aligned weights, SHA-256 | {summary.AlignedHash} |
            | tuned model | {NameOf(summary.Tuned)} |
            | tuned weights, SHA-256 | {summary.TunedHash} |

            | figure | aligned | this model | tuned | n |
            |---|---|---|---|---|

            """));
        RescuePoint aligned = summary.Point("aligned"), tuned = summary.Point("tuned");
        foreach (var figure in pick.Safety.Prepend(pick.Utility))
        {
            card.Append(CultureInfo.InvariantCulture, $"| {figure.Name} | {Of(aligned)} | {RescueWords.Figure(figure)} | {Of(tuned)} | {figure.Count} |\n");

            string Of(RescuePoint point) => RescueWords.Figure(point.Safety.Prepend(point.Utility).Single(other => other.Name == figure.Name));
        }

        return card.Append("""

            Intervals are 95 %. The figures are those on which the pick was made, so they flatter it; measure the model on other prompts for figures without that.
            The hashes are Ballast's over names, types, shapes and data. Configuration, tokenizer and chat template come from the tuned model.

            """).ToString();
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}

/// <summary>How figures and rules of a rescue read.</summary>
internal static class RescueWords
{
    /// <summary>A figure with its interval: percent for shares, plain numbers for a loss.</summary>
    public static string Figure(MetricResult figure) => figure.Measure == RescueTask.Loss
        ? $"{ReportNumber.Plain(figure.Value)} ({(figure is { Low: { } low, High: { } high } ? $"{ReportNumber.Plain(low)} to {ReportNumber.Plain(high)}" : "n too small")})"
        : $"{ReportNumber.Percent(figure.Value)} ({ReportNumber.PercentInterval(figure.Low, figure.High)})";

    /// <summary>The rule in words.</summary>
    public static string Rule(RescueSummary summary) => summary.Rule == RescueRule.BestUtility
        ? $"the best {summary.Utility} among the merges, safety unseen (Farn et al. 2025)"
        : $"the best {summary.Utility} among the points whose attack success rate has its upper 95 % limit at or under {ReportNumber.Percent(summary.AsrLimit)}";
}
