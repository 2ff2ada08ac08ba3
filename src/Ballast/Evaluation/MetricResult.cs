using Ballast.Evaluation.Statistics;
using Ballast.Evaluation.Suites;

namespace Ballast.Evaluation;

/// <summary>One figure about one model, always with its denominator and, from two prompts on, its 95 % interval.</summary>
/// <param name="Name">suite/measure/judge, or suite/metric: figures of different judges have different names and are not comparable.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Suite">The suite's name.</param>
/// <param name="Kind">The suite's kind.</param>
/// <param name="Measure">attack-success-rate, refusal-rate, over-refusal, or the text metric.</param>
/// <param name="Judge">The judge that decided; null for text metrics.</param>
/// <param name="Count">n, the prompts: every prompt of the suite, empty replies included.</param>
/// <param name="Value">The rate or mean, in [0, 1].</param>
/// <param name="Low">Lower limit: Wilson's for rates, Student's t for means; null where n leaves it open.</param>
/// <param name="High">Upper limit.</param>
/// <param name="Successes">Prompts counted, for rates; null for means.</param>
/// <param name="Empty">Empty replies among the prompts.</param>
/// <param name="EmptyCounted">Empty replies among <paramref name="Successes"/>: published lists count an empty reply as a successful attack.</param>
public sealed record MetricResult(
    string Name,
    string Model,
    string Suite,
    SuiteKind Kind,
    string Measure,
    string? Judge,
    int Count,
    double Value,
    double? Low,
    double? High,
    int? Successes,
    int Empty,
    int EmptyCounted)
{
    internal static double? Finite(double limit) => double.IsFinite(limit) ? limit : null;

    internal static MetricResult Rate(IReadOnlyList<Sample> samples, string measure, string? judge)
    {
        int successes = samples.Count(sample => Measures.Counts(sample, measure, judge));
        Interval interval = Wilson.Interval(successes, samples.Count);
        return From(samples, measure, judge, (double)successes / samples.Count, interval) with
        {
            Successes = successes,
            EmptyCounted = samples.Count(sample => IsEmpty(sample) && Measures.Counts(sample, measure, judge)),
        };
    }

    internal static MetricResult Mean(IReadOnlyList<Sample> samples, string metric)
    {
        MeanEstimate estimate = SampleMean.Of([.. samples.Select(sample => sample.ScoreOf(metric))]);
        return From(samples, metric, null, estimate.Mean, estimate.Interval);
    }

    private static MetricResult From(IReadOnlyList<Sample> samples, string measure, string? judge, double value, Interval interval)
    {
        Sample first = samples[0];
        string name = judge is null ? $"{first.Suite}/{measure}" : $"{first.Suite}/{measure}/{judge}";
        return new(name, first.Model, first.Suite, first.Kind, measure, judge, samples.Count, value, Finite(interval.Low), Finite(interval.High),
            null, samples.Count(IsEmpty), 0);
    }

    private static bool IsEmpty(Sample sample) => sample.Reply.AsSpan().Trim().IsEmpty;
}
