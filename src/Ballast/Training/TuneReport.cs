using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Reports;

namespace Ballast.Training;

/// <summary>The page and the summary of one run, from its folder: finished, interrupted or running. Safety and utility before and after are `ballast eval`'s page.</summary>
public static class TuneReport
{
    /// <summary>The page's file name in a run folder.</summary>
    public const string FileName = "report.html";

    private static readonly string[] s_measured = ["loss", "learning_rate", "grad_norm", "eval_loss", "asr_probe", "asr_probe_low", "asr_probe_high", "tokens_per_second"];

    private static readonly (string Metric, string Words, Func<ChartPoint, string> Show)[] s_glance =
    [
        ("loss", "Loss, nats per token", point => ReportNumber.Plain(point.Y)),
        ("eval_loss", "Held-out loss, nats per token", point => ReportNumber.Plain(point.Y)),
        ("mean_token_accuracy", "Token accuracy", Share),
        ("asr_probe", "Attack success of the probe", Share),
    ];

    /// <summary>Draws report.html anew from what the run has written so far.</summary>
    /// <param name="folder">The run folder.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="BallastException">The folder holds no run, or its files are damaged.</exception>
    public static string Save(string folder)
    {
        var facts = Facts(folder);
        Save(folder, facts);
        return Path.Combine(folder, FileName);
    }

    /// <summary>Where the run stands: status, steps, the last value of each measurement, checkpoints.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="BallastException">The folder holds no run, or its files are damaged.</exception>
    public static JsonObject Summary(string folder)
    {
        var facts = Facts(folder);
        var metrics = Metrics(folder);
        var last = new JsonObject();
        foreach (string name in s_measured.Where(name => metrics.Curve(name).Count > 0))
        {
            last[name] = metrics.Curve(name)[^1].Y;
        }

        return new JsonObject
        {
            ["run"] = folder,
            ["status"] = Status(folder, facts),
            ["step"] = metrics.LastStep,
            ["total_steps"] = facts["total_steps"]?.DeepClone(),
            ["stopped"] = facts["stopped"]?.DeepClone(),
            ["error"] = facts["error"]?.DeepClone(),
            ["last"] = last,
            ["lowest_eval_loss"] = metrics.Curve("eval_loss").Select(point => (double?)point.Y).Min(),
            ["checkpoints"] = new JsonArray([.. RunCheckpoints.Steps(folder).Select(step => (JsonNode)step)]),
            ["ema"] = facts["ema"]?.DeepClone(),
            ["model"] = (string?)facts["status"] == RunFacts.Finished ? Path.Combine(folder, "model") : null,
        };
    }

    internal static void Save(string folder, JsonObject facts)
    {
        string name = Path.GetFileName(Path.GetFullPath(folder));
        string status = Status(folder, facts);
        var metrics = Metrics(folder);
        var report = new HtmlReport($"Tuning run {name}", $"{status}: step {metrics.LastStep} of {facts["total_steps"]}{(facts["stopped"] is { } reason ? $", stopped early: {reason}" : "")}");
        if (facts["error"] is { } error)
        {
            report.Warning(error.ToString());
        }

        report.Section("At a glance").Facts(AtAGlance(metrics)).Paragraph(
            "This page shows the run itself. What it cost in safety and gave in utility is measured by ballast eval, on the models before and after.");
        report.Section("Curves");
        if (metrics.Curve("ema_distance").Count > 0)
        {
            report.Paragraph("Training curves are those of the weights in training; held-out rows and the probe's prompts are put to the average, which the run delivers and which follows more slowly.");
        }

        RunReport.AddCurves(report, metrics);
        if (RunFacts.ReadEma(facts) is { } check)
        {
            report.Section("Weight average").Paragraph(string.Create(CultureInfo.InvariantCulture,
                $"After {check.Updates} updates with decay {check.Decay} the average had moved {check.AverageMoved:0.00} from the aligned model and the last weights {check.WeightsMoved:0.00} (L2 norms). The average so covers {check.EffectiveLambda:0.000} of the way, its effective lambda; on a straight path of equal steps the decay alone would give {check.PredictedLambda:0.000}. Whatever the average keeps of the aligned model, a linear merge at the same lambda might keep too: measure that control before crediting the average."));
        }

        report.Section("How this was made")
            .Facts(facts.Where(pair => pair.Value is JsonValue).Select(pair => (pair.Key, pair.Value!.ToString())))
            .Facts(((JsonObject)facts["versions"]!).Select(pair => (pair.Key, pair.Value?.ToString() ?? "")))
            .Details("The whole recipe", File.ReadAllText(Path.Combine(folder, "recipe.yaml")))
            .Details("Data", facts["train"]!.ToJsonString(new() { WriteIndented = true }));
        report.Save(Path.Combine(folder, FileName));
    }

    private static IEnumerable<(string, string)> AtAGlance(RunMetrics metrics)
    {
        foreach (var (metric, words, show) in s_glance)
        {
            if (metrics.Curve(metric) is [var first, .., var last])
            {
                yield return (words, string.Create(CultureInfo.InvariantCulture, $"{show(first)} at step {first.X} \u2192 {show(last)} at step {last.X}"));
            }
        }
    }

    private static string Share(ChartPoint point) =>
        ReportNumber.Percent(point.Y) + (point is { Low: { } low, High: { } high } ? $" ({ReportNumber.PercentInterval(low, high)})" : "");

    private static JsonObject Facts(string folder)
    {
        string path = Path.Combine(folder, RunFolder.FactsFile);
        return File.Exists(path) ? JsonFile.ReadObject(path) : throw new ConfigException($"{folder}: holds no tuning run ({RunFolder.FactsFile} is missing)");
    }

    private static RunMetrics Metrics(string folder) => RunMetrics.Read(Path.GetFileName(Path.GetFullPath(folder)), Path.Combine(folder, MetricsLog.FileName));

    // A killed process cannot write that it is gone; its lock tells.
    private static string Status(string folder, JsonObject facts)
    {
        string status = (string?)facts["status"] ?? "unknown";
        return status == RunFacts.Running && !RunFolder.IsHeld(folder) ? "ended without a word" : status;
    }
}
