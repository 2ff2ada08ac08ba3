namespace Ballast.Evaluation.Statistics;

/// <summary>The difference of two rates measured on the same prompts, with Newcombe's square-and-add interval for paired data.</summary>
/// <remarks>R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data,
/// Statistics in Medicine 17 (1998), method 10: Wilson intervals of both rates, joined through their (continuity-corrected) correlation.
/// Unlike the normal interval it is not a single point when no verdict changed.</remarks>
public static class PairedDifference
{
    /// <summary>The interval of second rate minus first rate, in [-1, 1]; undefined without prompts.</summary>
    /// <param name="both">Prompts with a success of both models.</param>
    /// <param name="onlyFirst">Prompts with a success of the first model alone.</param>
    /// <param name="onlySecond">Prompts with a success of the second model alone.</param>
    /// <param name="neither">Prompts without any success.</param>
    public static Interval Interval(int both, int onlyFirst, int onlySecond, int neither)
    {
        int count = both + onlyFirst + onlySecond + neither;
        if (count == 0)
        {
            return Statistics.Interval.Undefined;
        }

        double first = (double)(both + onlyFirst) / count;
        double second = (double)(both + onlySecond) / count;
        Interval one = Wilson.Interval(both + onlyFirst, count);
        Interval two = Wilson.Interval(both + onlySecond, count);
        double phi = Correlation(both, onlyFirst, onlySecond, neither, count);
        double low = Join(second - two.Low, one.High - first, phi);
        double high = Join(two.High - second, first - one.Low, phi);
        return new Interval(Math.Max(-1, second - first - low), Math.Min(1, second - first + high));
    }

    private static double Join(double x, double y, double phi) => Math.Sqrt(Math.Max(0, (x * x) - (2 * phi * x * y) + (y * y)));

    private static double Correlation(double both, double onlyFirst, double onlySecond, double neither, double count)
    {
        double margins = (both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither);
        if (margins == 0)
        {
            return 0;
        }

        double product = (both * neither) - (onlyFirst * onlySecond);
        double corrected = product > 0 ? Math.Max(product - (count / 2), 0) : product;
        return corrected / Math.Sqrt(margins);
    }
}
