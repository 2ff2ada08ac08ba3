namespace Ballast.Models;

/// <summary>
/// YaRN (Peng et al., arXiv 2309.00071): slow frequencies are divided by the factor, fast ones kept, with a linear ramp between the dimensions that turn
/// beta_slow and beta_fast times over the original context; cos and sin grow by 0.1 ln(factor) + 1.
/// </summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Factor">Stretch of the context, at least 1.</param>
/// <param name="OriginalMaxSeqLen">The context before the stretch, in tokens.</param>
/// <param name="BetaFast">Turns above which a frequency is kept.</param>
/// <param name="BetaSlow">Turns below which a frequency is divided.</param>
/// <param name="AttentionFactor">Factor on cos and sin.</param>
/// <param name="Truncate">Whether the ends of the ramp are whole dimensions.</param>
public sealed record YarnRotary(double Theta, double Factor, double OriginalMaxSeqLen, double BetaFast, double BetaSlow, double AttentionFactor, bool Truncate)
    : RotaryScaling(Theta)
{
    /// <inheritdoc/>
    public override string Kind => "yarn";

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <inheritdoc/>
    public override float[] InverseFrequencies(int dim, bool isLong = false)
    {
        double low = Dimension(BetaFast, dim), high = Dimension(BetaSlow, dim);
        if (Truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, dim - 1));
        high = high == low ? high + 0.001 : high;
        float[] result = base.InverseFrequencies(dim);
        for (int i = 0; i < result.Length; i++)
        {
            double divided = Math.Clamp((i - low) / (high - low), 0, 1);
            result[i] = (float)(result[i] / Factor * divided + result[i] * (1 - divided));
        }

        return result;
    }

    internal static YarnRotary Parse(double theta, ConfigReader section, double original)
    {
        double factor = section.Number("factor");
        double Growth(double scale) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;
        double? scale = section.OptionalNumber("mscale"), scaleAll = section.OptionalNumber("mscale_all_dim");
        double magnitude = scale is > 0 && scaleAll is > 0 ? Growth(scale.Value) / Growth(scaleAll.Value) : Growth(1);
        return new YarnRotary(
            theta, factor, original, section.Number("beta_fast", 32), section.Number("beta_slow", 1), section.Number("attention_factor", magnitude), section.Flag("truncate", true));
    }

    // The dimension that makes this many turns over the original context.
    private double Dimension(double turns, int dim) => dim * Math.Log(OriginalMaxSeqLen / (turns * 2 * Math.PI)) / (2 * Math.Log(Theta));
}
