using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;

namespace Ballast.Evaluation;

/// <summary>Reads replies with judges and metrics. It needs no model, so saved replies can be read again at any time.</summary>
internal static class Judging
{
    /// <summary>The sample with fresh verdicts, or scores where its suite measures utility.</summary>
    public static Sample Apply(Sample sample, IReadOnlyList<IJudge> judges, IReadOnlyList<TextMetric> metrics) => sample.Kind == SuiteKind.Utility
        ? sample with { Verdicts = [], Scores = [.. metrics.Select(metric => new MetricScore(metric.Name, metric.Best(sample.Reply, sample.References)))] }
        : sample with { Verdicts = [.. judges.Select(judge => judge.Read(sample.Reply))], Scores = [] };
}
