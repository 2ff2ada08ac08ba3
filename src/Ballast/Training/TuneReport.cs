using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Reports;

namespace Ballast.Training;

/// <summary>The page of one run: its curves and how it was made. Safety and utility before and after are `ballast eval`'s page.</summary>
internal static class TuneReport
{
    public static void Save(RunFolder folder, JsonObject facts, string recipe, EmaCheck? check)
    {
        var metrics = RunMetrics.Read(Path.GetFileName(folder.Path), Path.Combine(folder.Path, "metrics.jsonl"));
        var report = new HtmlReport($"Tuning run {Path.GetFileName(folder.Path)}");
        report.Section("Curves");
        RunReport.AddCurves(report, metrics);
        if (check is not null)
        {
            report.Section("Weight average").Paragraph(string.Create(CultureInfo.InvariantCulture,
                $"After {check.Updates} updates with decay {check.Decay} the average had moved {check.AverageMoved:0.0000} and the weights {check.WeightsMoved:0.0000} from the aligned model: an effective lambda of {check.EffectiveLambda:0.000}, where the recursion predicts {check.PredictedLambda:0.000} on a straight path. A linear merge at that lambda is the control without which a gain is unexplained."));
        }

        report.Section("How this was made")
            .Facts(facts.Where(pair => pair.Value is JsonValue).Select(pair => (pair.Key, pair.Value!.ToString())))
            .Facts(((JsonObject)facts["versions"]!).Select(pair => (pair.Key, pair.Value?.ToString() ?? "")))
            .Details("The whole recipe", recipe)
            .Details("Data", facts["train"]!.ToJsonString(new() { WriteIndented = true }));
        report.Save(Path.Combine(folder.Path, "report.html"));
    }
}
