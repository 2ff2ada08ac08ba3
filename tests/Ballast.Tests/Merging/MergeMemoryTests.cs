using System.Globalization;
using Ballast.Merging;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Merging;

[CollectionDefinition(DisableParallelization = true)]
public class MeasuredAlone;

/// <summary>Runs alone, because it measures the whole process.</summary>
[Collection<MeasuredAlone>]
public class MergeMemoryTests
{
    // Large against what the runtime itself may take on the way (some ten MiB of compiled code and garbage).
    private const int Tensors = 4;
    private const long TensorBytes = 40 << 20;

    [Fact]
    public void A_merge_takes_less_memory_than_three_tensors_B4()
    {
        // Four tensors; the buffers come to a few MiB, the rest of the allowance is the runtime's.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "peak memory is read from /proc");
        string root = Shared.TemporaryFolder();
        Sparse(Path.Combine(root, "aligned"));
        Sparse(Path.Combine(root, "tuned"));
        LinearMerge.Run(Path.Combine(root, "aligned"), Path.Combine(root, "tuned"), Path.Combine(root, "warm"), new(0.5), cancellationToken: TestContext.Current.CancellationToken);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        File.WriteAllText("/proc/self/clear_refs", "5");
        long before = Resident("VmHWM:");
        LinearMerge.Run(Path.Combine(root, "aligned"), Path.Combine(root, "tuned"), Path.Combine(root, "out"), new(0.5), cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(Resident("VmHWM:") - before, long.MinValue, 3 * TensorBytes);
        Directory.Delete(root, recursive: true);
    }

    [Theory]
    [InlineData("merge_method: linear\nmodels:\n- {model: aligned, parameters: {weight: 1}}\n- {model: tuned, parameters: {weight: 1}}\n")]
    [InlineData("merge_method: ties\nbase_model: aligned\nmodels:\n- {model: tuned, parameters: {weight: 1, density: 0.5}}\n")]
    [InlineData("merge_method: karcher\nmodels:\n- model: aligned\n- model: tuned\n")]
    public void A_merge_by_file_takes_less_memory_than_three_tensors_B4(string text)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "peak memory is read from /proc");
        string root = Shared.TemporaryFolder();
        Sparse(Path.Combine(root, "aligned"));
        Sparse(Path.Combine(root, "tuned"));
        void Merge(string output)
        {
            using var merge = ModelMerge.Parse(text, Path.Combine(root, "merge.yaml"));
            merge.Run(Path.Combine(root, output), new(), cancellationToken: TestContext.Current.CancellationToken);
        }

        Merge("warm");
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        File.WriteAllText("/proc/self/clear_refs", "5");
        long before = Resident("VmHWM:");
        Merge("out");
        Assert.InRange(Resident("VmHWM:") - before, long.MinValue, 3 * TensorBytes);
        Directory.Delete(root, recursive: true);
    }

    private static void Sparse(string folder)
    {
        string[] entries = [.. Enumerable.Range(0, Tensors).Select(i => Entry($"t{i}", $"[{TensorBytes / 4}]", i * TensorBytes, (i + 1) * TensorBytes))];
        byte[] header = Bytes("{" + string.Join(',', entries) + "}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        using FileStream stream = File.Create(Path.Combine(folder, "model.safetensors"));
        stream.Write(header);
        stream.SetLength(header.Length + Tensors * TensorBytes);
    }

    /// <summary>A line of /proc/self/status in bytes.</summary>
    private static long Resident(string key) =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim('\t'), CultureInfo.InvariantCulture);
}
