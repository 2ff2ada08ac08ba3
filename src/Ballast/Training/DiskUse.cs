using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>What a run will still write at most.</summary>
/// <param name="Models">Bytes of all folders with weights.</param>
/// <param name="Checkpoints">Bytes of the checkpoints that are kept, and of one that is being written.</param>
internal sealed record DiskUse(long Models, long Checkpoints)
{
    /// <summary>Both, in bytes.</summary>
    public long Total => Models + Checkpoints;

    /// <summary>From the recipe and the headers of the model's weights: a model that is written keeps the element types of its source.</summary>
    /// <param name="recipe">The run.</param>
    /// <param name="parameters">Parameters that are trained.</param>
    /// <param name="dtype">Element type of the passes.</param>
    /// <param name="checkpointsThere">Checkpoints that are on the disk already.</param>
    public static DiskUse Of(Recipe recipe, long parameters, DType dtype, int checkpointsThere = 0)
    {
        int models = recipe.Ema is not { } ema ? 1 : 1 + (ema.KeepPlain ? 1 : 0) + (ema.Controls ? 3 : 0);
        int perCheckpoint = 4 + 8 + (recipe.Ema is null ? 0 : 4) + (dtype is DType.BF16 ? 2 : 0);
        int checkpoints = recipe.Checkpoints.KeepLast + (recipe.Checkpoints.KeepBest is null ? 1 : 2);
        using var source = Checkpoint.Open(ModelName.Parse(recipe.Model).Folder);
        long whole = source.Entries.Values.Sum(entry => entry.ByteCount);
        return new DiskUse(recipe.Lora is { } lora ? 4 * models * parameters + (lora.Merge ? whole : 0) : models * whole, parameters * perCheckpoint * Math.Max(1, checkpoints - checkpointsThere));
    }
}
