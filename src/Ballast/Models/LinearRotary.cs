namespace Ballast.Models;

/// <summary>Position interpolation (Chen et al., arXiv 2306.15595): every frequency is divided by one factor.</summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Factor">Stretch of the context, at least 1.</param>
public sealed record LinearRotary(double Theta, double Factor) : RotaryScaling(Theta)
{
    /// <inheritdoc/>
    public override string Kind => "linear";

    /// <inheritdoc/>
    public override float[] InverseFrequencies(int dim, bool isLong = false) => Array.ConvertAll(base.InverseFrequencies(dim), frequency => (float)(frequency / Factor));
}
