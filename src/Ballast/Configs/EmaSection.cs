namespace Ballast.Configs;

/// <summary>An exponential moving average of the weights, kept in float32 and started at the aligned weights.</summary>
/// <param name="Mode">How the average takes part in training.</param>
/// <param name="Decay">Share of the old average kept at each update, at least 0 and below 1; absent: 0.99, unless <paramref name="HalfLife"/> is given.</param>
/// <param name="HalfLife">Optimizer steps after which a weight's share has halved, above 0; instead of <paramref name="Decay"/>.</param>
/// <param name="Every">Optimizer steps between two updates of the average, at least 1; <c>every_k</c>: the inner steps between two mixings.</param>
/// <param name="KeepPlain">Also write the weights that were not averaged, beside the average.</param>
/// <param name="Controls">Also run the controls that explain a gain: the linear merge at the matched weight and the learning rate times (1 - decay).</param>
public sealed record EmaSection(
    EmaMode Mode = EmaMode.Shadow,
    double? Decay = null,
    double? HalfLife = null,
    int Every = 1,
    bool KeepPlain = true,
    bool Controls = false)
{
    /// <summary>Share of the old average kept at each update; null when <see cref="HalfLife"/> rules.</summary>
    public double? Decay { get; init; } = Decay ?? (HalfLife is null ? 0.99 : null);

    /// <summary>The share of the old average kept at one update: the decay, or 0.5^(every / half_life).</summary>
    public double DecayPerUpdate() => Decay ?? Math.Pow(0.5, Every / HalfLife!.Value);

    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems()
    {
        if (Decay is null == HalfLife is null)
        {
            yield return new("ema.half_life", "exactly one of decay and half_life must be given");
        }

        if (Decay is not (null or (>= 0 and < 1)))
        {
            yield return new("ema.decay", $"must be at least 0 and below 1, got {Decay}");
        }

        if (HalfLife <= 0)
        {
            yield return new("ema.half_life", $"must be above 0, got {HalfLife}");
        }

        if (Every < 1)
        {
            yield return new("ema.every", $"must be at least 1, got {Every}");
        }
        else if (Mode == EmaMode.Feedback && Every != 1)
        {
            yield return new("ema.every", $"must be 1 in mode feedback, got {Every}; mode every_k mixes less often");
        }
    }
}
