namespace Ballast.Evaluation.Statistics;

/// <summary>The mean of independent values (one per prompt, or one per training seed) with a t interval.</summary>
public static class SampleMean
{
    /// <summary>Mean, standard error (n - 1 in the variance) and t interval of at least one value.</summary>
    public static MeanEstimate Of(IReadOnlyList<double> values, double confidence = Interval.Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Count);
        double mean = values.Sum() / values.Count;
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return MeanEstimate.From(mean, Math.Sqrt(squares / Math.Max(1, values.Count - 1) / values.Count), values.Count, confidence);
    }

    /// <summary>The mean of second minus first over pairs of values (the same prompt, or the same seed), with its t interval.</summary>
    public static MeanEstimate OfDifferences(IReadOnlyList<double> first, IReadOnlyList<double> second, double confidence = Interval.Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(second.Count, first.Count);
        return Of([.. first.Zip(second, (a, b) => b - a)], confidence);
    }
}
