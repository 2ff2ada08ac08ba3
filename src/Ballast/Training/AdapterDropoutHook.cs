using Ballast.Adapters;
using Ballast.Data;
using Ballast.Models;

namespace Ballast.Training;

/// <summary>Switches the adapter's dropout on for the passes of training alone, with masks that are functions of seed, step and micro-batch.</summary>
internal sealed class AdapterDropoutHook(Adapter adapter, ulong seed) : TrainingHook
{
    private int _step;
    private int _micro;

    /// <inheritdoc/>
    public override IReadOnlyList<TokenBatch> Next(int step, IReadOnlyList<TokenBatch> batches)
    {
        (_step, _micro) = (step, 0);
        return batches;
    }

    /// <inheritdoc/>
    public override LossResult Backward(TokenBatch batch, double scale, Func<TokenBatch, double, LossResult> pass)
    {
        adapter.Dropout.Key = new SplitMix64(seed, ((ulong)_step << 32) + (ulong)_micro++).Next();
        try
        {
            return pass(batch, scale);
        }
        finally
        {
            adapter.Dropout.Key = null;
        }
    }
}
