using MathNet.Numerics.Distributions;

namespace Ballast.Evaluation.Statistics;

/// <summary>McNemar's test of two models on the same prompts: only the prompts whose verdict changed carry information.</summary>
public static class McNemar
{
    /// <summary>The exact two-sided p value, min(1, 2 P(X at most min(b, c))) for X ~ Binomial(b + c, 1/2); 1 when nothing changed.</summary>
    /// <param name="onlyFirst">b: prompts with a success of the first model alone.</param>
    /// <param name="onlySecond">c: prompts with a success of the second model alone.</param>
    public static double ExactP(int onlyFirst, int onlySecond)
    {
        int changed = Changed(onlyFirst, onlySecond);
        return changed == 0 ? 1 : Math.Min(1, 2 * Binomial.CDF(0.5, changed, Math.Min(onlyFirst, onlySecond)));
    }

    /// <summary>The mid-p value, which counts half of the observed outcome and is less conservative; null when nothing changed.</summary>
    /// <param name="onlyFirst">b: prompts with a success of the first model alone.</param>
    /// <param name="onlySecond">c: prompts with a success of the second model alone.</param>
    public static double? MidP(int onlyFirst, int onlySecond)
    {
        int changed = Changed(onlyFirst, onlySecond);
        if (changed == 0)
        {
            return null;
        }

        double observed = Binomial.PMF(0.5, changed, Math.Min(onlyFirst, onlySecond));
        return onlyFirst == onlySecond
            ? 1 - (observed / 2)
            : (2 * Binomial.CDF(0.5, changed, Math.Min(onlyFirst, onlySecond))) - observed;
    }

    private static int Changed(int onlyFirst, int onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        return onlyFirst + onlySecond;
    }
}
