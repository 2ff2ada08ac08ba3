using Ballast.Configs;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>The rows of one pass that a machine's memory holds.</summary>
/// <param name="Recipe">The recipe with micro_batch_size, and activation_checkpointing where it is needed.</param>
/// <param name="Memory">What it takes.</param>
/// <param name="Fits">Whether that is within the memory asked for.</param>
internal sealed record MicroBatch(Recipe Recipe, MemoryEstimate Memory, bool Fits)
{
    private const int Most = 16;  // larger passes are hardly faster

    /// <summary>The largest divisor of the batch of at most 16 rows whose tensors fit; of one row too large with its layers computed again.</summary>
    /// <param name="recipe">The run.</param>
    /// <param name="input">Its model and rows.</param>
    /// <param name="dtype">Element type of the passes.</param>
    /// <param name="bytes">Memory for tensors.</param>
    public static MicroBatch Choose(Recipe recipe, TuneInput input, DType dtype, long bytes)
    {
        int batch = recipe.Training.BatchSize;
        int[] sizes = [.. Enumerable.Range(1, Math.Min(batch, Most)).Where(size => batch % size == 0).Reverse()];
        MicroBatch? last = null;
        foreach (bool again in recipe.Training.ActivationCheckpointing ? new[] { true } : [false, true])
        {
            foreach (int size in sizes)
            {
                var tried = recipe with { Training = recipe.Training with { MicroBatchSize = size, ActivationCheckpointing = again } };
                var memory = MemoryPlan.Of(tried, input, dtype);
                last = new MicroBatch(tried, memory, memory.Total <= bytes);
                if (last.Fits)
                {
                    return last;
                }
            }
        }

        return last!;
    }
}
