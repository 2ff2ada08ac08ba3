namespace Ballast.Models;

/// <summary>
/// LongRoPE (Ding et al., arXiv 2402.13753): each frequency has its own divisor, from one list up to the original context and from another list for all
/// positions of a longer sequence; cos and sin grow by sqrt(1 + ln(max / original) / ln(original)), in short sequences too.
/// </summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="ShortFactor">Divisors [dim / 2] up to the original context.</param>
/// <param name="LongFactor">Divisors [dim / 2] of longer sequences.</param>
/// <param name="OriginalMaxSeqLen">The original context, in tokens.</param>
/// <param name="AttentionFactor">Factor on cos and sin.</param>
public sealed record LongRotary(
    double Theta, IReadOnlyList<double> ShortFactor, IReadOnlyList<double> LongFactor, int OriginalMaxSeqLen, double AttentionFactor) : RotaryScaling(Theta)
{
    /// <inheritdoc/>
    public override string Kind => "longrope";

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <inheritdoc/>
    public override int? ShortLength => OriginalMaxSeqLen;

    /// <inheritdoc/>
    public override float[] InverseFrequencies(int dim, bool isLong = false)
    {
        var factors = isLong ? LongFactor : ShortFactor;
        var result = new float[dim / 2];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)(1 / (factors[i] * Math.Pow(Theta, 2.0 * i / dim)));
        }

        return result;
    }

    internal static LongRotary Parse(double theta, ConfigReader section, double? original, int maxSeqLen)
    {
        if (original is not >= 2 || original > int.MaxValue || original != Math.Floor(original.Value))
        {
            throw section.Fault("original_max_position_embeddings", original is null ? "missing" : $"{original}", "a whole number of at least 2, here or beside rope_scaling");
        }

        double factor = section.OptionalNumber("factor") is { } given ? given : maxSeqLen / original.Value;
        double magnitude = factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original.Value));
        return new LongRotary(
            theta, section.Numbers("short_factor"), section.Numbers("long_factor"), (int)original, section.Number("attention_factor", magnitude));
    }

    internal void Check(ConfigReader config, int dim)
    {
        foreach (var (key, factors) in ((string, IReadOnlyList<double>)[])[("short_factor", ShortFactor), ("long_factor", LongFactor)])
        {
            if (factors.Count != dim / 2)
            {
                throw config.Fault($"rope_scaling: {key}", $"a list of {factors.Count}", $"{dim / 2} numbers, one for each pair of the {dim} rotated dimensions");
            }
        }
    }
}
