using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>Which checkpoints are written, which are trusted and which are kept.</summary>
public class RunCheckpointTests
{
    private const string EveryTwo = "checkpoints:\n  every: 2\n  minutes: null\n";

    public static TheoryData<string> Files => ["state.json", "recipe.yaml", "weights.safetensors", "values.safetensors", "optimizer.safetensors", "average.safetensors", "manifest.json"];

    // The same run without an incident.
    private static readonly Lazy<string> s_whole = new(() =>
    {
        using var run = Average();
        run.Run("run");
        return run.Hash("run");
    });

    private static SmallRun Average() => new(EveryTwo + "ema:\n  decay: 0.8\n", "precision: bfloat16");

    // A bf16 run with an average that has the checkpoints step-4 and step-6, and went on to step 7 without a word.
    private static SmallRun Damaged(Action<string> damage, out string error)
    {
        var run = Average();
        Assert.Throws<InvalidOperationException>(() => run.Run("run", metrics => Kill(metrics, 7)));
        Assert.Equal(["step-4", "step-6"], run.Checkpoints("run"));
        damage(run.At("run", "checkpoints", "step-6"));
        List<string> said = [];
        List<int> steps = [];
        run.Run("run", metrics => steps.Add((int)metrics["step"]!), say: said.Add);
        Assert.Equal([5, 6, 7, 8, 9], steps);
        Assert.Contains(said, line => line.StartsWith("going on after step 4 of 9", StringComparison.Ordinal));
        error = Assert.Single(said, line => line.Contains("refused", StringComparison.Ordinal));
        Assert.Equal((s_whole.Value, SmallRun.Total), (run.Hash("run"), run.Metrics("run").Count));
        Assert.Equal(["step-8", "step-9"], run.Checkpoints("run"));
        return run;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void D14_D6_one_flipped_byte_in_any_file_is_refused_and_the_checkpoint_before_is_used(string file)
    {
        using var run = Damaged(
            folder =>
            {
                byte[] bytes = File.ReadAllBytes(Path.Combine(folder, file));
                bytes[bytes.Length * 2 / 3] ^= 1;
                File.WriteAllBytes(Path.Combine(folder, file), bytes);
            },
            out string error);
        Assert.StartsWith("checkpoint step 6 is refused, looking for the one before: ", error);
        Assert.Contains(file == "manifest.json" ? "step-6" : file, error);
    }

    [Fact]
    public void D14_every_single_byte_of_the_manifest_counts()
    {
        string folder = Shared.TemporaryFolder(), manifest = Path.Combine(folder, "manifest.json");
        File.WriteAllText(Path.Combine(folder, "a.txt"), "a");
        Manifest.Write(folder);
        byte[] good = File.ReadAllBytes(manifest);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 1;
            File.WriteAllBytes(manifest, bad);
            Assert.Throws<CheckpointException>(() => Manifest.Verify(folder, TestContext.Current.CancellationToken));
        }

        File.WriteAllBytes(manifest, good);
        Manifest.Verify(folder, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void D6_a_checkpoint_without_its_manifest_is_refused()
    {
        using var run = Damaged(folder => File.Delete(Path.Combine(folder, "manifest.json")), out string error);
        Assert.Contains("manifest.json is missing", error);
    }

    [Fact]
    public void D6_a_truncated_file_is_refused()
    {
        using var run = Damaged(folder => Truncate(Path.Combine(folder, "optimizer.safetensors")), out string error);
        Assert.Contains("optimizer.safetensors: has 100 bytes, the manifest says", error);
    }

    [Fact]
    public void D6_a_missing_file_is_refused()
    {
        using var run = Damaged(folder => File.Delete(Path.Combine(folder, "average.safetensors")), out string error);
        Assert.Contains("average.safetensors: is in the manifest and not in the folder", error);
    }

    [Fact]
    public void D5_what_a_kill_leaves_at_any_write_is_passed_over_and_swept()
    {
        using var run = new SmallRun(EveryTwo);
        run.Run("whole");
        run.Interrupt("run", 6);
        string[] files = [.. Directory.EnumerateFiles(run.At("run", "checkpoints", "step-6")).Order(StringComparer.Ordinal)];
        var random = new Random(1);
        for (int kept = 0; kept <= files.Length; kept++)   // killed after that many files, in the midst of the next; and a removal that was cut short
        {
            string partial = run.At("run", "checkpoints", $".step-8.partial-{Guid.NewGuid():n}"), removed = run.At("run", "checkpoints", $".step-2.replaced-{Guid.NewGuid():n}");
            Directory.CreateDirectory(partial);
            Directory.CreateDirectory(removed);
            foreach (string file in files.Take(kept + 1))
            {
                byte[] bytes = File.ReadAllBytes(file);
                File.WriteAllBytes(Path.Combine(partial, Path.GetFileName(file)), file == files.ElementAtOrDefault(kept) ? bytes[..random.Next(bytes.Length)] : bytes);
                File.WriteAllBytes(Path.Combine(removed, Path.GetFileName(file)), bytes);
            }
        }

        File.AppendAllText(run.At("run", "metrics.jsonl"), "{\"step\": 7, \"loss\": 1}\n{\"step\": 8, \"lo");
        File.WriteAllText(run.At("run", "run.json.new"), "{");
        run.Run("run");
        Assert.Equal((run.Hash("whole"), string.Join('\n', run.Metrics("whole"))), (run.Hash("run"), string.Join('\n', run.Metrics("run"))));
        Assert.Equal(["step-8", "step-9"], run.Checkpoints("run"));
    }

    [Fact]
    public void D12_the_newest_and_the_best_are_kept()
    {
        using var run = new SmallRun("checkpoints:\n  every: 1\n  keep_last: 2\n  keep_best: eval_loss\n", "eval_every: 1\n  precision: float32");
        string text = run.Text("run").Replace("max_length: 64", "max_length: 64\n  validation_share: 0.3", StringComparison.Ordinal).Replace("learning_rate: 1.0e-02", "learning_rate: 0.3", StringComparison.Ordinal);
        new TuneRun(Ballast.Configs.Recipe.Parse(text, "recipe.yaml")).Run(TestContext.Current.CancellationToken);
        double[] losses = [.. run.Metrics("run").Select(line => (double)JsonNode.Parse(line)!["eval_loss"]!)];
        int best = Array.IndexOf(losses, losses.Min()) + 1;
        Assert.True(best < losses.Length - 1, "the rate is so high that the best step is not among the last two");
        Assert.Equal([$"step-{best}", $"step-{losses.Length - 1}", $"step-{losses.Length}"], run.Checkpoints("run"));
    }

    [Fact]
    public void D12_weights_that_are_not_finite_are_never_saved()
    {
        using var run = new SmallRun("checkpoints:\n  every: 1\n");
        string text = run.Text("run").Replace("warmup_steps: 2", "schedule: constant", StringComparison.Ordinal).Replace("learning_rate: 1.0e-02", "learning_rate: 1.0e+38", StringComparison.Ordinal);
        var fault = Assert.Throws<RunException>(() => new TuneRun(Ballast.Configs.Recipe.Parse(text, "recipe.yaml")).Run(TestContext.Current.CancellationToken));
        Assert.Equal("step 1: the weights hold a number that is not finite; no checkpoint was written, the one before is kept", fault.Message);
        Assert.Equal(("failed", fault.Message), ((string)run.Facts("run")["status"]!, (string)run.Facts("run")["error"]!));
        Assert.False(Directory.Exists(run.At("run", "checkpoints")));
    }

    [Fact]
    public void D15_a_trigger_file_asks_for_a_checkpoint_and_is_removed()
    {
        using var run = new SmallRun();
        List<string> said = [];
        run.Run("run", metrics =>
        {
            if ((int)metrics["step"]! == 3)
            {
                File.WriteAllText(run.At("run", "save"), "");
            }
        }, say: said.Add);
        Assert.False(File.Exists(run.At("run", "save")));
        Assert.Equal(["step-3", "step-9"], run.Checkpoints("run"));
        Assert.Matches("step-3: [0-9.]+ MB saved in [0-9.]+ s$", said[0]);
    }

    [Fact]
    public void By_default_only_the_end_of_a_short_run_is_saved()
    {
        using var run = new SmallRun();
        run.Run("run");
        Assert.Equal(["step-9"], run.Checkpoints("run"));
    }

    [Theory]
    [InlineData("every: 0", "checkpoints.every: must be at least 1")]
    [InlineData("minutes: 0", "checkpoints.minutes: must be above 0")]
    [InlineData("keep_last: 0", "checkpoints.keep_last: must be at least 1")]
    [InlineData("keep_best: asr_probe", "checkpoints.keep_best: asr_probe is measured by a probe")]
    [InlineData("keep_best: eval_loss", "checkpoints.keep_best: eval_loss is measured on held-out rows")]
    [InlineData("keep_best: loss", "checkpoints.keep_best: expected")]
    public void Faults_of_the_section_are_named(string key, string said)
    {
        using var run = new SmallRun($"checkpoints:\n  {key}\n");
        Assert.Contains(said, Assert.Throws<ConfigException>(() => run.Recipe("run")).Message);
    }

    private static void Truncate(string path) => File.WriteAllBytes(path, File.ReadAllBytes(path)[..100]);

    // An exception that nobody expects ends the run as abruptly as a kill, but for the process.
    private static void Kill(JsonObject metrics, int step)
    {
        if ((int)metrics["step"]! == step)
        {
            throw new InvalidOperationException("killed");
        }
    }
}
