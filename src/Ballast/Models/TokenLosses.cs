using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Loss and best token of every target of a batch, still on the device.</summary>
/// <param name="batch">The batch.</param>
/// <param name="losses">Nats [n].</param>
/// <param name="best">The token with the largest logit, I64 [n].</param>
/// <param name="wanted">The target token, I64 [n].</param>
internal sealed class TokenLosses(TokenBatch batch, Tensor losses, Tensor best, Tensor wanted) : IDisposable
{
    /// <summary>Targets of each sequence [B].</summary>
    public int[] Targets { get; } = Count(batch);

    /// <summary>Adds loss and hits to the figures of a step; nothing is read.</summary>
    public void AddTo(Tensor figures) => Ops.Tally(figures, losses, best, wanted);

    /// <summary>Waits for the device and sums by sequence, in the order of the targets.</summary>
    /// <returns>Nats and hits of each sequence [B].</returns>
    public (double[] LossSum, int[] Correct) Read()
    {
        var lossSum = new double[batch.Batch];
        var correct = new int[batch.Batch];
        var nats = losses.ToArray<double>();
        var tokens = best.ToArray<long>();
        int i = 0;
        foreach (var (row, target) in batch.TargetRows())
        {
            lossSum[row / batch.Tokens] += nats[i];
            correct[row / batch.Tokens] += tokens[i++] == target ? 1 : 0;
        }

        return (lossSum, correct);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        losses.Dispose();
        best.Dispose();
        wanted.Dispose();
    }

    private static int[] Count(TokenBatch batch)
    {
        var targets = new int[batch.Batch];
        foreach (var (row, _) in batch.TargetRows())
        {
            targets[row / batch.Tokens]++;
        }

        return targets;
    }
}
