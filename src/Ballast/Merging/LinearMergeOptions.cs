using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging;

/// <summary>How two models are merged.</summary>
/// <param name="Lambda">Weight of the tuned model in [0, 1]: 0 gives the aligned weights, 1 the tuned ones, both bit for bit.</param>
/// <param name="OutputType">F32, BF16, F16 or F64 for all float tensors; null keeps the type each tensor has in the tuned model.</param>
/// <param name="MaxShardBytes">Largest output shard in bytes.</param>
/// <param name="Replace">True to replace an output folder that holds files.</param>
public sealed record LinearMergeOptions(
    double Lambda, DType? OutputType = null, long MaxShardBytes = CheckpointWriter.DefaultMaxShardBytes, bool Replace = false)
{
    /// <summary>What is wrong with the options, one sentence each; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (!(Lambda is >= 0 and <= 1))
        {
            yield return $"lambda is the tuned model's share and must be in [0, 1], got {Lambda}";
        }

        if (OutputType is { IsFloat: false } type)
        {
            yield return $"the output type must be F32, BF16, F16 or F64, got {type.SafetensorsName}";
        }

        if (MaxShardBytes < 1)
        {
            yield return $"the shard size must be at least 1 byte, got {MaxShardBytes}";
        }
    }
}
