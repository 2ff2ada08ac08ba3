namespace Ballast.Models;

/// <summary>Rotary position embedding: the inverse frequency of each pair of a head's dimensions.</summary>
/// <remarks>
/// Su et al., RoFormer, arXiv 2104.09864. "linear" divides every frequency by the factor; "llama3" (Llama 3.1) divides those with a wavelength above
/// original / low_freq_factor, keeps those below original / high_freq_factor and blends between.
/// </remarks>
/// <param name="Theta">Base of the frequencies, rope_theta.</param>
/// <param name="Kind">default, linear or llama3.</param>
/// <param name="Factor">Stretch of the context, at least 1.</param>
/// <param name="LowFreqFactor">llama3 only.</param>
/// <param name="HighFreqFactor">llama3 only.</param>
/// <param name="OriginalMaxSeqLen">llama3 only: the context before the stretch.</param>
public sealed record RotaryScaling(
    double Theta, string Kind = "default", double Factor = 1, double LowFreqFactor = 1, double HighFreqFactor = 4, double OriginalMaxSeqLen = 8192)
{
    /// <summary>The inverse frequencies [headDim / 2].</summary>
    public float[] InverseFrequencies(int headDim)
    {
        var result = new float[headDim / 2];
        for (int i = 0; i < result.Length; i++)
        {
            double frequency = (float)(1 / Math.Pow(Theta, 2.0 * i / headDim));
            result[i] = (float)(Kind switch
            {
                "linear" => frequency / Factor,
                "llama3" => Llama3(frequency),
                _ => frequency,
            });
        }

        return result;
    }

    internal static RotaryScaling Parse(ConfigReader config)
    {
        // transformers 4: rope_theta and rope_scaling; transformers 5: everything in rope_parameters
        var modern = config.Section("rope_parameters");
        var section = config.Section("rope_scaling") ?? modern;
        double theta = modern is not null && modern.ContainsKey("rope_theta") ? config.Inside(modern, "rope_parameters").Number("rope_theta") : config.Number("rope_theta", 10000);
        config.Ignore("rope_theta");
        if (section is null)
        {
            return new RotaryScaling(theta);
        }

        var inside = config.Inside(section, modern is null ? "rope_scaling" : "rope_parameters");
        string kind = inside.Text("rope_type", inside.Text("type", "default"));
        inside.Ignore("type", "rope_theta");
        var scaling = kind switch
        {
            "default" => new RotaryScaling(theta),
            "linear" => new RotaryScaling(theta, kind, inside.Number("factor")),
            "llama3" => new RotaryScaling(
                theta, kind, inside.Number("factor"), inside.Number("low_freq_factor"), inside.Number("high_freq_factor"), inside.Number("original_max_position_embeddings")),
            _ => throw inside.Fault("rope_type", $"'{kind}'", "default, linear or llama3"),
        };
        inside.Ignore("original_max_position_embeddings");
        return inside.Unread() is [string unknown, ..]
            ? throw inside.Fault(unknown, section[unknown]?.ToJsonString() ?? "null", $"no such key for rope_type {kind}; it changes the mathematics")
            : scaling;
    }

    private double Llama3(double frequency)
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
