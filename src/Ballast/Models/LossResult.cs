namespace Ballast.Models;

/// <summary>Cross-entropy over the targets of a batch.</summary>
/// <param name="LossSum">Nats summed over the targets of each sequence [B].</param>
/// <param name="Targets">Targets of each sequence [B].</param>
/// <param name="Correct">Targets with the largest logit, of each sequence [B].</param>
public sealed record LossResult(double[] LossSum, int[] Targets, int[] Correct)
{
    /// <summary>Nats summed over the whole batch.</summary>
    public double TotalLoss => LossSum.Sum();

    /// <summary>Targets in the whole batch.</summary>
    public int TotalTargets => Targets.Sum();

    /// <summary>Targets of the whole batch with the largest logit.</summary>
    public int TotalCorrect => Correct.Sum();
}
