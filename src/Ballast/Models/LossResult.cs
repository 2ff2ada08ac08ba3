namespace Ballast.Models;

/// <summary>Cross-entropy over the targets of a batch. On a CUDA device its numbers are read when they are first looked at, which waits for the pass.</summary>
public sealed record LossResult
{
    private readonly double[]? _lossSum;
    private readonly int[]? _correct;
    private readonly Lazy<(double[] LossSum, int[] Correct)>? _read;

    /// <summary>A result whose numbers are known.</summary>
    /// <param name="lossSum">Nats summed over the targets of each sequence [B].</param>
    /// <param name="targets">Targets of each sequence [B].</param>
    /// <param name="correct">Targets with the largest logit, of each sequence [B].</param>
    public LossResult(double[] lossSum, int[] targets, int[] correct) => (_lossSum, Targets, _correct) = (lossSum, targets, correct);

    internal LossResult(TokenLosses losses) => (Losses, Targets, _read) = (losses, losses.Targets, new(losses.Read));

    /// <summary>Nats summed over the targets of each sequence [B].</summary>
    public double[] LossSum
    {
        get => _lossSum ?? _read!.Value.LossSum;
        init => _lossSum = value;
    }

    /// <summary>Targets of each sequence [B].</summary>
    public int[] Targets { get; init; }

    /// <summary>Targets with the largest logit, of each sequence [B].</summary>
    public int[] Correct
    {
        get => _correct ?? _read!.Value.Correct;
        init => _correct = value;
    }

    /// <summary>Nats summed over the whole batch.</summary>
    public double TotalLoss => LossSum.Sum();

    /// <summary>Targets in the whole batch.</summary>
    public int TotalTargets => Targets.Sum();

    /// <summary>Targets of the whole batch with the largest logit.</summary>
    public int TotalCorrect => Correct.Sum();

    /// <summary>What the numbers come from on a device; null: they were known at once.</summary>
    internal TokenLosses? Losses { get; }

    /// <summary>Whether <see cref="Losses"/> holds the numbers: nothing was put in their place.</summary>
    internal bool IsPending => _lossSum is null && _correct is null;
}
