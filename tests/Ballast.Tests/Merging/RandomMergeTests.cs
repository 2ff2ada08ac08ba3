using Ballast.Checkpoints;
using Ballast.Merging;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>DARE and DELLA: the law of the draws against mergekit's over 400 seeds, and what the seed means.</summary>
public class RandomMergeTests
{
    private const int Seeds = 60;

    [Theory]
    [InlineData("dare-linear")]
    [InlineData("dare-linear-no-rescale")]
    [InlineData("dare-ties")]
    [InlineData("della-linear")]
    public void The_law_is_mergekits(string name)
    {
        string folder = Path.Combine(MergeGolden.Folder, "random");
        using var expected = SafetensorsFile.Open(Path.Combine(folder, $"{name}.safetensors"));
        using var origin = Checkpoint.Open(Path.Combine(MergeGolden.Folder, "models", "aligned"));
        string[] tensors = [.. expected.Entries.Keys.Where(k => k.EndsWith("/mean", StringComparison.Ordinal)).Select(k => k[..^"/mean".Length])];
        Assert.NotEmpty(tensors);
        Dictionary<string, double[]> sum = [], squares = [];
        for (int seed = 0; seed < Seeds; seed++)
        {
            string output = Path.Combine(Support.Shared.TemporaryFolder(), "out");
            using (var merge = ModelMerge.Open(Path.Combine(folder, $"{name}.yaml")))
            {
                merge.Run(output, new(Seed: seed), cancellationToken: TestContext.Current.CancellationToken);
            }

            using var merged = Checkpoint.Open(output);
            foreach (string tensor in tensors)
            {
                double[] b = MergeGolden.Values(origin.Entries[tensor], origin.Bytes(tensor)), m = MergeGolden.Values(merged.Entries[tensor], merged.Bytes(tensor));
                double[] s = sum.TryGetValue(tensor, out double[]? known) ? known : sum[tensor] = new double[b.Length];
                double[] q = squares.TryGetValue(tensor, out known) ? known : squares[tensor] = new double[b.Length];
                for (int i = 0; i < b.Length; i++)
                {
                    s[i] += m[i] - b[i];
                    q[i] += (m[i] - b[i]) * (m[i] - b[i]);
                }
            }
        }

        foreach (string tensor in tensors)
        {
            double[] mean = MergeGolden.Values(expected.Entries[$"{tensor}/mean"], expected.Bytes($"{tensor}/mean"));
            double[] variance = MergeGolden.Values(expected.Entries[$"{tensor}/variance"], expected.Bytes($"{tensor}/variance"));
            double[] own = [.. sum[tensor].Select(s => s / Seeds)];
            double[] ownVariance = [.. squares[tensor].Select((q, i) => q / Seeds - own[i] * own[i])];
            int near = Enumerable.Range(0, mean.Length).Count(i => Math.Abs(own[i] - mean[i]) <= 4 * Math.Sqrt(variance[i] * (1.0 / Seeds + 1.0 / 400)) + 1e-7);
            Assert.True(near >= 0.99 * mean.Length, $"{tensor}: the mean of {mean.Length - near} of {mean.Length} elements is off");

            // 60 seeds and 32 elements leave the sum of variances some percent of play beyond the 15.
            double ratio = ownVariance.Sum() * Seeds / (Seeds - 1) / variance.Sum();
            Assert.InRange(ratio, mean.Length < 100 ? 0.7 : 0.85, mean.Length < 100 ? 1.3 : 1.15);
        }
    }

    [Fact]
    public void A_seed_gives_the_same_bits_with_any_number_of_threads_and_shards()
    {
        string[] hashes = [.. new MergeOptions[] { new(7, Threads: 1), new(7, Threads: 3), new(7, MaxShardBytes: 20_000), new(8) }.Select(options =>
            ModelFolder.HashWeights(MergeGolden.Merge("dare-ties-seed1", options), TestContext.Current.CancellationToken))];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[0], hashes[2]);
        Assert.NotEqual(hashes[0], hashes[3]);
    }
}
