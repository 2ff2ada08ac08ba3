using MathNet.Numerics.Distributions;

namespace Ballast.Evaluation.Statistics;

/// <summary>A confidence interval, limits included; both limits are NaN where the data cannot bound the value.</summary>
/// <param name="Low">Lower limit.</param>
/// <param name="High">Upper limit.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>An interval that the data do not determine.</summary>
    public static Interval Undefined { get; } = new(double.NaN, double.NaN);

    /// <summary>The confidence level of every interval in a report.</summary>
    public const double Confidence = 0.95;

    /// <summary>The number of standard errors on either side of the center: 1.959964 at 95 %.</summary>
    internal static double NormalQuantile(double confidence) => Normal.InvCDF(0, 1, 0.5 + (confidence / 2));

    /// <summary>The same for an estimated standard error with the given degrees of freedom.</summary>
    internal static double StudentQuantile(double confidence, double degreesOfFreedom) =>
        StudentT.InvCDF(0, 1, degreesOfFreedom, 0.5 + (confidence / 2));
}
