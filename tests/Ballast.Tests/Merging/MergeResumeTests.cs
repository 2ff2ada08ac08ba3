using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Merges that are cut off and run again.</summary>
public class MergeResumeTests
{
    private readonly string _output = Path.Combine(Shared.TemporaryFolder(), "out");

    private string Unfinished => DurableFolder.ResumePath(_output);

    [Fact]
    public void What_was_complete_is_not_merged_again_and_the_result_is_the_same()
    {
        Stop(after: 0.5);
        Assert.False(Directory.Exists(_output));
        Assert.True(Directory.Exists(Unfinished));

        // A process that is killed may leave half a line.
        File.AppendAllText(Path.Combine(Unfinished, "merge.journal"), "{\"tensor\": \"model.no");
        MergeResult result = Run(new(3));
        Assert.InRange(result.Resumed, 1, result.Tensors - 1);
        Assert.False(Directory.Exists(Unfinished));
        string whole = MergeGolden.Merge("dare-linear-seed1", new(3));
        Assert.Equal(Hash(whole), Hash(_output));
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "README.md")), File.ReadAllText(Path.Combine(_output, "README.md")));
        Assert.DoesNotContain(Directory.EnumerateFiles(_output), f => f.EndsWith("merge.journal", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_merge_starts_from_the_beginning()
    {
        Stop(after: 0.5);
        Assert.Equal(0, Run(new(4)).Resumed);
        Assert.Equal(Hash(MergeGolden.Merge("dare-linear-seed1", new(4))), Hash(_output));
    }

    [Fact]
    public void A_journal_of_an_earlier_boot_counts_for_nothing()
    {
        Stop(after: 0.5);
        string journal = Path.Combine(Unfinished, "merge.journal");
        string[] lines = File.ReadAllLines(journal);
        lines[0] = lines[0].Replace("\"boot\":\"", "\"boot\":\"x", StringComparison.Ordinal);
        File.WriteAllText(journal, string.Join('\n', lines) + "\n");
        Assert.Equal(0, Run(new(3)).Resumed);
    }

    [Fact]
    public void Two_merges_into_one_folder_exclude_each_other()
    {
        using var merge = Open();
        BallastException? fault = null;
        merge.Run(_output, new(), new Watch(_ => fault ??= Assert.Throws<ConfigException>(() => Run(new()))), TestContext.Current.CancellationToken);
        Assert.Contains("another process is merging into this folder", fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_process_is_gone_on_with()
    {
        string file = Path.Combine(MergeGolden.Folder, "cases", "dare-linear-seed1", "config.yaml");
        using (var process = Cli.CommandLine.Start("merge", file, _output, "--seed", "3"))
        {
            // Whenever it is hit, before, within or after the merge, the next run ends well.
            SpinWait.SpinUntil(() => process.HasExited || File.Exists(Path.Combine(Unfinished, "merge.journal")), 30_000);
            process.Kill();
            process.WaitForExit();
        }

        if (!Directory.Exists(_output))
        {
            Run(new(3));
        }

        Assert.Equal(Hash(MergeGolden.Merge("dare-linear-seed1", new(3))), Hash(_output));
    }

    private void Stop(double after)
    {
        using CancellationTokenSource source = new();
        using var merge = Open();
        Assert.ThrowsAny<OperationCanceledException>(() => merge.Run(_output, new(3), new Watch(share =>
        {
            if (share >= after)
            {
                source.Cancel();
            }
        }), source.Token));
    }

    private MergeResult Run(MergeOptions options)
    {
        using var merge = Open();
        return merge.Run(_output, options, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static ModelMerge Open() => ModelMerge.Open(Path.Combine(MergeGolden.Folder, "cases", "dare-linear-seed1", "config.yaml"));

    private static string Hash(string folder) => ModelFolder.HashWeights(folder, TestContext.Current.CancellationToken);

    private sealed class Watch(Action<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen(value);
    }
}
