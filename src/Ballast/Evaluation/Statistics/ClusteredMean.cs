namespace Ballast.Evaluation.Statistics;

/// <summary>A mean over values that come in clusters: tokens of one row, or answers of several training seeds to one prompt.</summary>
/// <remarks>Values of a cluster may agree with each other as much as they like: the standard error is the cluster-robust one,
/// sqrt(G / (G - 1) sum_g (sum of the residuals of g)^2) / N, and the interval is Student's t with G - 1 degrees of freedom.</remarks>
public static class ClusteredMean
{
    /// <summary>The mean of all values, with the uncertainty between clusters.</summary>
    /// <param name="clusters">Sum of the values and number of values of each cluster; at least one value in all.</param>
    public static MeanEstimate Of(IReadOnlyList<(double Sum, int Count)> clusters)
    {
        long values = clusters.Sum(cluster => (long)cluster.Count);
        ArgumentOutOfRangeException.ThrowIfZero(values);
        double mean = clusters.Sum(cluster => cluster.Sum) / values;
        double squares = clusters.Sum(cluster => Square(cluster.Sum - (cluster.Count * mean)));
        int groups = clusters.Count(cluster => cluster.Count > 0);
        return MeanEstimate.From(mean, Math.Sqrt(squares * groups / Math.Max(1, groups - 1)) / values, groups);
    }

    /// <summary>The interval of a rate over clusters: Wilson's, with as many trials as independent ones of the same standard error would be.</summary>
    /// <remarks>Trials = p (1 - p) / standard error squared, the customary form for clustered samples, at most one per value, and a t
    /// quantile. Where clusters do not vary (a rate of 0 or 1, or equal rates everywhere) there are as many trials as clusters, so seeds
    /// that agree never shrink the interval below that of one seed.</remarks>
    /// <param name="clusters">Successes and trials of each cluster.</param>
    public static Interval RateInterval(IReadOnlyList<(double Sum, int Count)> clusters)
    {
        MeanEstimate estimate = Of(clusters);
        if (estimate.Count < 2)
        {
            return Interval.Undefined;
        }

        double variance = Square(estimate.StandardError);
        double trials = variance == 0
            ? estimate.Count
            : Math.Min(clusters.Sum(cluster => (double)cluster.Count), estimate.Mean * (1 - estimate.Mean) / variance);
        return Wilson.FromRate(estimate.Mean, trials, Interval.StudentQuantile(Interval.Confidence, estimate.Count - 1));
    }

    private static double Square(double value) => value * value;
}
