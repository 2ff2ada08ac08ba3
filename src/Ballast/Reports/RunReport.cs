namespace Ballast.Reports;

/// <summary>Draws what training runs logged.</summary>
public static class RunReport
{
    private static readonly (string Title, string YLabel, string Metric, string? HeldOut, bool IsShare, double? YMin)[] s_charts =
    [
        ("Loss", "nats per token", "loss", "eval_loss", false, null),
        ("Token accuracy", "% of the tokens", "mean_token_accuracy", "eval_mean_token_accuracy", true, 0),
        ("Attack success rate during training", "% of the probe's prompts", "asr_probe", null, true, 0),
        ("Distance of the average from the weights", "L2 norm", "ema_distance", null, false, 0),
        ("Gradient norm", "L2 norm", "grad_norm", null, false, 0),
        ("Learning rate", "learning rate", "learning_rate", null, false, 0),
    ];

    /// <summary>Adds the curves of one or more runs, each chart with a line per run; charts without any point are left out.</summary>
    /// <returns>The report.</returns>
    public static HtmlReport AddCurves(HtmlReport report, params IReadOnlyList<RunMetrics> runs) => report.Charts(s_charts.Select(chart => new LineChart(
        chart.Title, "optimizer step", chart.YLabel, [.. runs.SelectMany((run, i) => Lines(run, i, chart.Metric, chart.HeldOut, runs.Count > 1))],
        chart.YMin, chart.IsShare ? 1 : null, chart.IsShare)).Where(chart => chart.Series.Count > 0));

    private static IEnumerable<ChartSeries> Lines(RunMetrics run, int color, string metric, string? heldOut, bool several)
    {
        foreach ((string name, string words, bool dashed) in new[] { (metric, "training", false), (heldOut ?? "", "held out", true) })
        {
            IReadOnlyList<ChartPoint> curve = run.Curve(name);
            if (curve.Count > 0)
            {
                string label = heldOut is null ? run.Name : several ? $"{run.Name}, {words}" : words;
                yield return new ChartSeries(label, curve, color, dashed);
            }
        }
    }
}
