namespace Ballast.Models;

/// <summary>Rotary position embedding (Su et al., RoFormer, arXiv 2104.09864): the inverse frequency of each pair of a head's rotated dimensions.</summary>
/// <param name="Theta">Base of the frequencies, rope_theta.</param>
public record RotaryScaling(double Theta)
{
    /// <summary>The name in config.json, rope_type.</summary>
    public virtual string Kind => "default";

    /// <summary>Factor on cos and sin.</summary>
    public virtual double Magnitude => 1;

    /// <summary>Longest sequence for which the short frequencies hold; a longer one takes the long ones for all its positions. Null: one set of frequencies.</summary>
    public virtual int? ShortLength => null;

    /// <summary>The inverse frequencies [dim / 2].</summary>
    /// <param name="dim">Rotated dimensions of a head, even.</param>
    /// <param name="isLong">Whether the sequence is longer than <see cref="ShortLength"/>.</param>
    public virtual float[] InverseFrequencies(int dim, bool isLong = false)
    {
        var result = new float[dim / 2];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)(1 / Math.Pow(Theta, 2.0 * i / dim));
        }

        return result;
    }

    /// <summary>Reads rope_theta and rope_scaling (transformers 4) or rope_parameters (transformers 5).</summary>
    /// <param name="config">The file.</param>
    /// <param name="maxSeqLen">The model's largest length.</param>
    /// <param name="share">Share of a head's dimensions that is rotated: partial_rotary_factor.</param>
    internal static RotaryScaling Parse(ConfigReader config, int maxSeqLen, out double share)
    {
        share = config.Number("partial_rotary_factor", 1);
        var modern = config.Section("rope_parameters");
        double theta = modern is not null && modern.ContainsKey("rope_theta") ? config.Inside(modern, "rope_parameters").Number("rope_theta") : config.Number("rope_theta", 10000);
        double? original = config.OptionalNumber("original_max_position_embeddings");
        config.Ignore("rope_theta");
        if ((config.Section("rope_scaling") ?? modern) is not { } section)
        {
            return new RotaryScaling(theta);
        }

        var inside = config.Inside(section, section == modern ? "rope_parameters" : "rope_scaling");
        string kind = inside.Text("rope_type", inside.Text("type", "default"));
        inside.Ignore("type", "rope_theta");
        share = inside.Number("partial_rotary_factor", share);
        original = inside.OptionalNumber("original_max_position_embeddings") ?? original;
        RotaryScaling scaling = kind switch
        {
            "default" => new RotaryScaling(theta),
            "linear" => new LinearRotary(theta, inside.Number("factor")),
            "llama3" => Llama3Rotary.Parse(theta, inside),
            "yarn" => YarnRotary.Parse(theta, inside, original ?? maxSeqLen),
            "longrope" or "su" => LongRotary.Parse(theta, inside, original, maxSeqLen),
            _ => throw inside.Fault("rope_type", $"'{kind}'", "default, linear, llama3, yarn or longrope"),
        };
        return inside.Unread() is [string unknown, ..]
            ? throw inside.Fault(unknown, section[unknown]?.ToJsonString() ?? "null", $"no such key for rope_type {kind}; it changes the mathematics")
            : scaling;
    }
}
