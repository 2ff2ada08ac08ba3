using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>An exponential moving average of the weights in parameter space, started at the aligned weights.</summary>
/// <remarks>
/// After Kim et al. 2025, arXiv 2508.12531. Reconstructed: the paper's text gives neither the rule nor the coefficient, so all three readings are here.
/// One rule covers them: every <see cref="Every"/> optimizer steps, average = decay * average + (1 - decay) * weights, and with feedback the weights
/// continue from the average.
/// shadow: no feedback, training is untouched and the result is the average.
/// feedback: every step with feedback; identical to a learning rate times (1 - decay).
/// every_k: every K steps with feedback; this is Lookahead (arXiv 1907.08610) with alpha = 1 - decay. AdamW's moments are kept over a mixing.
/// There is no bias correction: it would take all weight from the aligned start. The average is F32 (F64 for an F64 model) whatever the model computes in,
/// because a half-precision average does not move at all at usual decays.
/// </remarks>
public sealed class WeightEma : IDisposable
{
    /// <summary>An average that starts at the weights as they are now.</summary>
    public WeightEma(WeightStore weights, EmaSection options)
    {
        Decay = options.DecayPerUpdate();
        Every = options.Every;
        Feedback = options.Mode is not EmaMode.Shadow;
        Average = weights.Master.To(weights.Master.Device);
    }

    /// <summary>Share of the old average kept at an update.</summary>
    public double Decay { get; }

    /// <summary>Optimizer steps between two updates.</summary>
    public int Every { get; }

    /// <summary>Whether the weights continue from the average.</summary>
    public bool Feedback { get; }

    /// <summary>The average, flat, laid out like the weights.</summary>
    public Tensor Average { get; }

    /// <summary>Whether the average is updated at the end of this optimizer step, counted from 1.</summary>
    public bool IsDue(long step) => step % Every == 0;

    /// <summary>
    /// The share of the way from the start to the last weights that the average covers on a straight path whose steps are proportional to the learning
    /// rates used: sum_j (1 - decay^(updates from step j on)) rate_j / sum_j rate_j. With feedback every displacement is scaled by 1 - decay.
    /// </summary>
    public double PredictedLambda(IReadOnlyList<double> learningRates)
    {
        long steps = learningRates.Count, updates = steps / Every;
        double moved = 0, total = 0;
        for (int i = 0; i < steps; i++)
        {
            long later = updates - i / Every;  // updates that see step i + 1
            moved += learningRates[i] * (Feedback ? (later > 0 ? 1 - Decay : 0) : 1 - Math.Pow(Decay, later));
            total += learningRates[i];
        }

        return total == 0 ? 0 : moved / total;
    }

    /// <inheritdoc/>
    public void Dispose() => Average.Dispose();
}
