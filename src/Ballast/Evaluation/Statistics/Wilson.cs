namespace Ballast.Evaluation.Statistics;

/// <summary>Wilson's score interval for a rate: never empty, never outside [0, 1], honest for few prompts and at rates of 0 and 1.</summary>
public static class Wilson
{
    /// <summary>The interval for <paramref name="successes"/> in <paramref name="count"/> independent trials; undefined without trials.</summary>
    public static Interval Interval(int successes, int count, double confidence = Statistics.Interval.Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, successes);
        return FromRate(count == 0 ? 0 : (double)successes / count, count, Statistics.Interval.NormalQuantile(confidence));
    }

    /// <summary>The interval around a rate in [0, 1] that rests on <paramref name="count"/> (possibly fractional) independent trials.</summary>
    internal static Interval FromRate(double rate, double count, double quantile)
    {
        if (count <= 0)
        {
            return Statistics.Interval.Undefined;
        }

        double share = quantile * quantile / count;
        double center = (rate + (share / 2)) / (1 + share);
        double half = quantile * Math.Sqrt((rate * (1 - rate) / count) + (share / (4 * count))) / (1 + share);
        return new Interval(rate == 0 ? 0 : center - half, rate == 1 ? 1 : center + half);   // exact ends: rounding must not leave 1e-17
    }
}
