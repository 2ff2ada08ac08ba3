namespace Ballast.Models;

/// <summary>
/// The stretch of Llama 3.1: frequencies with a wavelength above original / low are divided by the factor, those below original / high are kept,
/// and between them the two are blended.
/// </summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Factor">Stretch of the context, at least 1.</param>
/// <param name="LowFreqFactor">low_freq_factor.</param>
/// <param name="HighFreqFactor">high_freq_factor, above the low one.</param>
/// <param name="OriginalMaxSeqLen">The context before the stretch, in tokens.</param>
public sealed record Llama3Rotary(double Theta, double Factor, double LowFreqFactor, double HighFreqFactor, double OriginalMaxSeqLen) : RotaryScaling(Theta)
{
    /// <inheritdoc/>
    public override string Kind => "llama3";

    /// <inheritdoc/>
    public override float[] InverseFrequencies(int dim, bool isLong = false) => Array.ConvertAll(base.InverseFrequencies(dim), frequency => (float)Stretched(frequency));

    internal static Llama3Rotary Parse(double theta, ConfigReader section) => new(
        theta, section.Number("factor"), section.Number("low_freq_factor"), section.Number("high_freq_factor"), section.Number("original_max_position_embeddings"));

    private double Stretched(double frequency)
    {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalMaxSeqLen / HighFreqFactor)
        {
            return frequency;
        }

        if (wavelength > OriginalMaxSeqLen / LowFreqFactor)
        {
            return frequency / Factor;
        }

        double smooth = (OriginalMaxSeqLen / wavelength - LowFreqFactor) / (HighFreqFactor - LowFreqFactor);
        return (1 - smooth) * frequency / Factor + smooth * frequency;
    }
}
