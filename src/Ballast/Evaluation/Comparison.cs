using Ballast.Evaluation.Statistics;

namespace Ballast.Evaluation;

/// <summary>Two models on the same prompts under the same judge or metric.</summary>
/// <param name="Name">The figure that is compared, as in <see cref="MetricResult"/>.</param>
/// <param name="First">The model compared with.</param>
/// <param name="Second">The model compared.</param>
/// <param name="Count">Prompts that both answered: all of them.</param>
/// <param name="FirstValue">The first model's rate or mean.</param>
/// <param name="SecondValue">The second model's.</param>
/// <param name="Difference">Second minus first.</param>
/// <param name="Low">Lower 95 % limit of the difference: Newcombe's paired interval for rates, Student's t for means.</param>
/// <param name="High">Upper limit.</param>
/// <param name="OnlyFirst">Prompts that count for the first model alone; null for means.</param>
/// <param name="OnlySecond">Prompts that count for the second model alone; null for means.</param>
/// <param name="P">Two-sided p: McNemar's exact test for rates, the paired t test for means; null where it is not defined.</param>
/// <param name="MidP">McNemar's mid-p, less conservative; null for means and where no verdict changed.</param>
public sealed record Comparison(
    string Name,
    string First,
    string Second,
    int Count,
    double FirstValue,
    double SecondValue,
    double Difference,
    double? Low,
    double? High,
    int? OnlyFirst,
    int? OnlySecond,
    double? P,
    double? MidP)
{
    /// <summary>Compares one figure of two models.</summary>
    /// <param name="figure">The figure, from either model's results.</param>
    /// <param name="first">The first model's judged replies to the suite.</param>
    /// <param name="second">The second model's.</param>
    /// <exception cref="RunException">The models did not answer the same prompts.</exception>
    public static Comparison Of(MetricResult figure, IReadOnlyList<Sample> first, IReadOnlyList<Sample> second)
    {
        (Sample First, Sample Second)[] pairs = Pair(first, second);
        return figure.Successes is null ? OfMeans(figure, pairs) : OfRates(figure, pairs);
    }

    private static Comparison OfRates(MetricResult figure, (Sample First, Sample Second)[] pairs)
    {
        int both = 0, onlyFirst = 0, onlySecond = 0, neither = 0;
        foreach ((Sample one, Sample two) in pairs)
        {
            switch (Measures.Counts(one, figure.Measure, figure.Judge), Measures.Counts(two, figure.Measure, figure.Judge))
            {
                case (true, true): both++; break;
                case (true, false): onlyFirst++; break;
                case (false, true): onlySecond++; break;
                default: neither++; break;
            }
        }

        double before = (double)(both + onlyFirst) / pairs.Length;
        double after = (double)(both + onlySecond) / pairs.Length;
        Interval interval = PairedDifference.Interval(both, onlyFirst, onlySecond, neither);
        return From(figure, pairs, before, after, interval) with
        {
            OnlyFirst = onlyFirst,
            OnlySecond = onlySecond,
            P = McNemar.ExactP(onlyFirst, onlySecond),
            MidP = McNemar.MidP(onlyFirst, onlySecond),
        };
    }

    private static Comparison OfMeans(MetricResult figure, (Sample First, Sample Second)[] pairs)
    {
        double[] before = [.. pairs.Select(pair => pair.First.ScoreOf(figure.Measure))];
        double[] after = [.. pairs.Select(pair => pair.Second.ScoreOf(figure.Measure))];
        MeanEstimate difference = SampleMean.OfDifferences(before, after);
        return From(figure, pairs, before.Average(), after.Average(), difference.Interval) with { P = difference.PValue };
    }

    private static Comparison From(MetricResult figure, (Sample First, Sample Second)[] pairs, double before, double after, Interval interval) => new(
        figure.Name, pairs[0].First.Model, pairs[0].Second.Model, pairs.Length, before, after, after - before,
        MetricResult.Finite(interval.Low), MetricResult.Finite(interval.High), null, null, null, null);

    private static (Sample First, Sample Second)[] Pair(IReadOnlyList<Sample> first, IReadOnlyList<Sample> second)
    {
        Dictionary<string, Sample> others = second.ToDictionary(sample => sample.Id);
        return first.Count == second.Count && first.All(sample => others.GetValueOrDefault(sample.Id)?.Prompt == sample.Prompt)
            ? [.. first.Select(sample => (sample, others[sample.Id]))]
            : throw new RunException(
                $"{first[0].Suite}: '{first[0].Model}' and '{second[0].Model}' answered different prompts ({first.Count} and {second.Count}); a paired test needs the same ones");
    }
}
