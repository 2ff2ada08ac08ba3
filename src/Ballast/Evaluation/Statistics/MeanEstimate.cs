using MathNet.Numerics.Distributions;

namespace Ballast.Evaluation.Statistics;

/// <summary>A mean with its uncertainty.</summary>
/// <param name="Mean">The mean of the values.</param>
/// <param name="StandardError">Standard error of the mean; NaN when there is a single independent value.</param>
/// <param name="Count">Independent units: values, or clusters where values come in clusters.</param>
/// <param name="Interval">95 % interval from Student's t with <paramref name="Count"/> - 1 degrees of freedom; undefined for one unit.</param>
public sealed record MeanEstimate(double Mean, double StandardError, int Count, Interval Interval)
{
    /// <summary>Two-sided p of a true mean of 0 (Student's t test); null for one unit or values without any spread.</summary>
    public double? PValue => Count < 2 || StandardError == 0
        ? null
        : 2 * StudentT.CDF(0, 1, Count - 1, -Math.Abs(Mean / StandardError));

    internal static MeanEstimate From(double mean, double standardError, int count, double confidence = Statistics.Interval.Confidence)
    {
        if (count < 2)
        {
            return new MeanEstimate(mean, double.NaN, count, Interval.Undefined);
        }

        double half = standardError == 0 ? 0 : standardError * Interval.StudentQuantile(confidence, count - 1);
        return new MeanEstimate(mean, standardError, count, new Interval(mean - half, mean + half));
    }
}
