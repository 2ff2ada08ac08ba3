using Ballast.Checkpoints;
using Ballast.Merging.Methods;
using Ballast.Merging.Streaming;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Merging;

/// <summary>The selection of the largest entries against a full sort.</summary>
public class MagnitudeCutTests
{
    /// <summary>Number of entries and of distinct values (0: as many as entries); large ones take the path by sampling.</summary>
    [Theory]
    [InlineData(1000, 0)]
    [InlineData(1000, 3)]
    [InlineData(3_000_000, 0)]
    [InlineData(3_000_000, 2000)]
    [InlineData(3_000_000, 2)]
    [InlineData(3_000_000, 1)]
    public void The_largest_are_kept_and_of_equal_ones_the_first(int count, int distinct)
    {
        Random random = new(count + distinct);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (distinct == 0 ? random.NextSingle() : random.Next(1, distinct + 1)) * (random.Next(2) * 2 - 1);
        }

        string file = Path.Combine(Shared.TemporaryFolder(), "model.safetensors");
        SaveFloats(file, ("w", values));
        using var model = Checkpoint.Open(Path.GetDirectoryName(file)!);
        StreamContext context = new(0, 2, new InputHashes(), TestContext.Current.CancellationToken);
        MergeTensor tensor = new(model.Entries["w"], [new StoredTensor(model, model.Entries["w"])], null, new MethodNumbers(new Dictionary<string, double>(), []), false, context);
        int[] order = [.. Enumerable.Range(0, count).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i)];
        long[] keep = [1, count / 10, count / 2, count - 1, count];
        MagnitudeCut[] cuts = MagnitudeCut.Find(tensor, block => block.Model(0), keep);
        for (int i = 0; i < keep.Length; i++)
        {
            float[] expected = new float[count];
            foreach (int at in order[..(int)keep[i]])
            {
                expected[at] = values[at];
            }

            float[] kept = [.. values], dropped = [.. values];
            cuts[i].Keep(kept, 0);
            cuts[i].Drop(dropped, 0);
            Assert.True(expected.AsSpan().SequenceEqual(kept), $"{keep[i]} of {count}");
            Assert.True(values.Zip(expected, (v, e) => v - e).SequenceEqual(dropped), $"all but {keep[i]} of {count}");
        }

        Assert.Equal(ModelFolder.HashWeights(model, TestContext.Current.CancellationToken), context.Hashes.OfModel(model, context));
    }
}
