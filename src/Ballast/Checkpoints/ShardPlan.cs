using System.Globalization;

namespace Ballast.Checkpoints;

/// <summary>Which tensor goes into which file, by the rule of huggingface_hub.</summary>
internal static class ShardPlan
{
    /// <summary>Files in order, each with its tensors in the order given.</summary>
    /// <remarks>
    /// Greedy in the order given: a tensor that would lift the current shard above the limit begins the next one, and a tensor above the limit
    /// gets a shard of its own at once. One shard is called model.safetensors, several model-00001-of-000NN.safetensors.
    /// </remarks>
    public static IReadOnlyList<PlannedShard> Split(IEnumerable<TensorEntry> entries, long maxShardBytes)
    {
        List<List<TensorEntry>> shards = [];
        List<TensorEntry> current = [];
        long size = 0;
        foreach (TensorEntry entry in entries)
        {
            if (entry.ByteCount > maxShardBytes)
            {
                shards.Add([entry]);
                continue;
            }

            if (size + entry.ByteCount > maxShardBytes)
            {
                shards.Add(current);
                current = [];
                size = 0;
            }

            current.Add(entry);
            size += entry.ByteCount;
        }

        if (current.Count > 0 || shards.Count == 0)
        {
            shards.Add(current);
        }

        return [.. shards.Select((tensors, i) => new PlannedShard(FileName(i + 1, shards.Count), tensors))];
    }

    private static string FileName(int number, int count) =>
        count == 1 ? CheckpointIndex.SingleFileName : string.Create(CultureInfo.InvariantCulture, $"model-{number:d5}-of-{count:d5}.safetensors");
}

/// <summary>A file of a checkpoint and its tensors, in order.</summary>
internal sealed record PlannedShard(string File, IReadOnlyList<TensorEntry> Tensors);
