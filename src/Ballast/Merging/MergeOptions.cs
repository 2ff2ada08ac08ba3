using Ballast.Checkpoints;

namespace Ballast.Merging;

/// <summary>How a merge is carried out; none of it but the seed changes a result.</summary>
/// <param name="Seed">Seed of the random methods.</param>
/// <param name="Threads">Number of threads; null: one for each core.</param>
/// <param name="MaxShardBytes">Largest output shard in bytes.</param>
/// <param name="Replace">True to replace an output folder that holds files.</param>
public sealed record MergeOptions(long Seed = 0, int? Threads = null, long MaxShardBytes = CheckpointWriter.DefaultMaxShardBytes, bool Replace = false);
