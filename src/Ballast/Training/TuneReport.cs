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

        report.Section("Curves");
        RunReport.AddCurves(report, metrics);
        if (RunFacts.ReadEma(facts) is { } check)
        {
            report.Section("Weight average").Paragraph(string.Create(CultureInfo.InvariantCulture,
                $"After {check.Updates} updates with decay {check.Decay} the average had moved {check.AverageMoved:0.0000} and the weights {check.WeightsMoved:0.0000} from the aligned model: an effective lambda of {check.EffectiveLambda:0.000}, where the recursion predicts {check.PredictedLambda:0.000} on a straight path. A linear merge at that lambda is the control without which a gain is unexplained."));
        }

        report.Section("How this was made")
            .Facts(facts.Where(pair => pair.Value is JsonValue).Select(pair => (pair.Key, pair.Value!.ToString())))
            .Facts(((JsonObject)facts["versions"]!).Select(pair => (pair.Key, pair.Value?.ToString() ?? "")))
            .Details("The whole recipe", File.ReadAllText(Path.Combine(folder, "recipe.yaml")))
            .Details("Data", facts["train"]!.ToJsonString(new() { WriteIndented = true }));
        report.Save(Path.Combine(folder, FileName));
    }

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
