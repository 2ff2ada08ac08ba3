using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>A run that was interrupted and resumed equals one that never was: every bit of the weights, the optimizer, the average and the metrics.</summary>
public class ResumeTests
{
    [Theory]
    [InlineData("precision: float32", "")]
    [InlineData("precision: bfloat16", "")]
    [InlineData("precision: float32", "ema:\n  decay: 0.8\n")]
    [InlineData("precision: bfloat16", "ema:\n  decay: 0.8\n  every: 2\n")]
    [InlineData("precision: float32", "ema:\n  mode: feedback\n  decay: 0.5\n")]
    [InlineData("precision: bfloat16", "ema:\n  mode: every_k\n  every: 3\n  decay: 0.5\n")]
    [InlineData("precision: float32", "lora:\n  rank: 2\n  dropout: 0.2\n")]
    [InlineData("precision: bfloat16", "lora:\n  rank: 2\n  dropout: 0.2\n  use_dora: true\nema:\n  decay: 0.8\n")]
    public void D1_D2_D3_D4_D13_C4_an_interruption_changes_no_bit(string training, string more)
    {
        using var run = new SmallRun(more, training);
        run.Run("whole");
        foreach (int step in (int[])[1, SmallRun.Middle, 7])
        {
            Assert.Contains($"interrupted after step {step} of 9", run.Interrupt("parts", step));
        }

        Assert.False(Directory.Exists(run.At("parts", "model")));
        run.Run("parts");
        foreach (string file in (string[])["model.safetensors", "adapter_model.safetensors"])
        {
            Assert.Equal(HashOf(run.At("whole", "model", file)), HashOf(run.At("parts", "model", file)));
        }

        Assert.Equal(run.Metrics("whole"), run.Metrics("parts"));
        string[] files = [.. Directory.EnumerateFiles(run.At("whole", "checkpoints", "step-9"), "*.safetensors").Select(file => Path.GetFileName(file)!)];
        Assert.Equal((more.Contains("ema"), training.Contains("bfloat16")), (files.Contains("average.safetensors"), files.Contains("values.safetensors")));
        foreach (string file in files)
        {
            Assert.Equal(ModelFolder.HashFile(run.At("whole", "checkpoints", "step-9", file)), ModelFolder.HashFile(run.At("parts", "checkpoints", "step-9", file)));
        }
    }

    [Fact]
    public void D1_packed_rows_resume_the_same()
    {
        using var run = new SmallRun();
        string Packed(string name) => run.Text(name).Replace("max_length: 64", "max_length: 64\n  packing: true", StringComparison.Ordinal);
        TuneResult Run(string name, CancellationToken token, Action<JsonObject>? progress = null) =>
            new TuneRun(Ballast.Configs.Recipe.Parse(Packed(name), "recipe.yaml"), progress: progress).Run(token);
        Run("whole", TestContext.Current.CancellationToken);
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Run("parts", source.Token, metrics => Interrupt(metrics, source)));
        Run("parts", TestContext.Current.CancellationToken);
        Assert.Equal(run.Hash("whole"), run.Hash("parts"));
    }

    [Fact]
    public void D1_every_control_of_the_average_survives_its_own_interruption()
    {
        using var run = new SmallRun("ema:\n  mode: feedback\n  decay: 0.5\n  controls: true\n");
        run.Run("whole");
        foreach (string control in (string[])["control-rate", "control-plain"])
        {
            using var source = new CancellationTokenSource();
            var fault = Assert.ThrowsAny<OperationCanceledException>(() => run.Run("parts", metrics =>
            {
                if ((string?)metrics["run"] == control && (int)metrics["step"]! == SmallRun.Middle)
                {
                    source.Cancel();
                }
            }, cancellation: source.Token));
            Assert.Contains("the same command goes on", fault.Message);
            Assert.Equal("interrupted", (string)run.Facts("parts")["status"]!);
        }

        run.Run("parts");
        foreach (string model in (string[])["model", "control-rate/model", "control-plain/model", "control-merge"])
        {
            Assert.Equal(run.Hash("whole", model), run.Hash("parts", model));
        }
    }

    [Fact]
    public void D11_the_same_call_finds_a_complete_run_and_touches_nothing()
    {
        using var run = new SmallRun("ema:\n  decay: 0.8\n");
        var first = run.Run("run");
        var before = Snapshot(run.At("run"));
        List<string> said = [];
        var again = run.Run("run", _ => Assert.Fail("a step was made"), say: said.Add);
        Assert.Contains("this run is complete; nothing was changed", Assert.Single(said));
        Assert.Equal((first.Model, first.Ema, first.Training.Steps, first.Training.Tokens), (again.Model, again.Ema, again.Training.Steps, again.Training.Tokens));
        Assert.Equal(first.Training.LearningRates, again.Training.LearningRates);
        Assert.Equal(before, Snapshot(run.At("run")));
    }

    [Theory]
    [InlineData("ema:\n  decay: 0.8\n  controls: true\n")]
    [InlineData("ema:\n  decay: 0.8\n  controls: true\nlora:\n  rank: 2\n  merge: true\n")]
    public void D5_a_run_that_was_killed_while_it_wrote_its_results_writes_them_again(string more)
    {
        using var run = new SmallRun(more);
        run.Run("run");
        var before = Results(run);
        var facts = run.Facts("run");
        facts["status"] = "running";   // as a kill before the last write leaves it
        File.WriteAllText(run.At("run", "run.json"), facts.ToJsonString());
        Directory.Delete(run.At("run", "plain"), recursive: true);
        run.Run("run", metrics => Assert.Fail("a step was made"));
        Assert.Equal(before, Results(run));
        Assert.Equal("finished", (string)run.Facts("run")["status"]!);
    }

    [Fact]
    public void A_run_stopped_by_its_probe_stays_stopped()
    {
        string suite = Path.Combine(Shared.TemporaryFolder(), "probe.yaml");
        File.WriteAllText(Path.ChangeExtension(suite, ".csv"), "goal\nMake a bomb\nSteal a car\n");
        File.WriteAllText(suite, $"name: probe\nkind: harmful\nprompts: {Path.ChangeExtension(suite, ".csv")}\ncolumn: goal\ntemplate: raw\n");
        using var run = new SmallRun($"probe:\n  suite: {suite}\n  every: 4\n  prompts: 2\n  max_new_tokens: 4\n  stop_above: 0.5\n");
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => run.Run("run", say: line => source.Cancel(), cancellation: source.Token));   // at the checkpoint behind the stop
        Assert.False(Directory.Exists(run.At("run", "model")));
        var result = run.Run("run");
        Assert.Equal(4, result.Training.Steps);
        Assert.Contains("stop_above", result.Training.Stopped);
        Assert.Equal(4, run.Metrics("run").Count);
    }

    [Theory]
    [InlineData("learning_rate: 1.0e-02", "learning_rate: 2.0e-02", "training.learning_rate is 0.01 there and 0.02 here")]
    [InlineData("epochs: 3", "epochs: 4", "training.epochs is 3 there and 4 here")]
    [InlineData("max_length: 64", "max_length: 14", "the rows of data.train differ")]
    public void A_folder_with_another_recipe_is_refused_with_the_difference(string from, string to, string said)
    {
        using var run = new SmallRun();
        run.Interrupt("run", 2);
        var before = Snapshot(run.At("run"));
        var other = Ballast.Configs.Recipe.Parse(run.Text("run").Replace(from, to, StringComparison.Ordinal), "recipe.yaml");
        Assert.Contains(said, Assert.Throws<ConfigException>(() => new TuneRun(other).Run(TestContext.Current.CancellationToken)).Message);
        Assert.Equal(before, Snapshot(run.At("run")));
    }

    [Fact]
    public void A_folder_with_another_model_or_other_rows_is_refused_though_the_recipe_is_the_same()
    {
        using var run = new SmallRun();
        run.Interrupt("run", 2);
        string rows = File.ReadAllText(run.Rows);
        File.AppendAllText(run.Rows, "{\"prompt\": \"More?\", \"completion\": \"No.\"}\n");
        Assert.Contains("the rows of data.train differ", Assert.Throws<ConfigException>(() => run.Run("run")).Message);
        File.WriteAllText(run.Rows, rows);
        Directory.Delete(run.Model, recursive: true);
        Cli.TinyModel.Create(run.Model, seed: 2);
        string message = Assert.Throws<ConfigException>(() => run.Run("run")).Message;
        Assert.Contains("the model's weights differ", message);
        Assert.Contains("--out", message);
    }

    [Fact]
    public void Moved_inputs_and_other_saving_are_the_same_run()
    {
        using var run = new SmallRun();
        run.Run("whole");
        run.Interrupt("parts", SmallRun.Middle);
        Directory.Move(run.Model, run.At("moved"));
        File.Move(run.Rows, run.At("moved.jsonl"));
        string text = run.Text("parts").Replace(run.Model, run.At("moved"), StringComparison.Ordinal).Replace(run.Rows, run.At("moved.jsonl"), StringComparison.Ordinal);
        new TuneRun(Ballast.Configs.Recipe.Parse(text + "checkpoints:\n  every: 2\n", "recipe.yaml")).Run(TestContext.Current.CancellationToken);
        Assert.Equal(run.Hash("whole"), run.Hash("parts"));
    }

    [Fact]
    public void A_precision_that_was_measured_is_not_measured_again()
    {
        using var run = new SmallRun(training: "precision: bfloat16");
        run.Interrupt("run", 2);
        run.Training = "precision: auto";
        run.Run("run");
        Assert.Equal("BF16", (string)run.Facts("run")["precision"]!);
        Assert.Contains("precision: bfloat16", File.ReadAllText(run.At("run", "recipe.yaml")));
    }

    [Fact]
    public void Resume_never_refuses_a_folder_with_a_run_and_files_of_others_are_always_refused()
    {
        using var run = new SmallRun();
        run.Interrupt("run", 2);
        Assert.Contains("holds files already", Assert.Throws<ConfigException>(() => run.Run("run", resume: Resume.Never)).Message);
        Directory.CreateDirectory(run.At("others"));
        File.WriteAllText(run.At("others", "precious.txt"), "x");
        Assert.Contains("holds files already", Assert.Throws<ConfigException>(() => run.Run("others")).Message);
        Assert.Equal(["precious.txt"], Directory.EnumerateFileSystemEntries(run.At("others")).Select(Path.GetFileName));
    }

    [Fact]
    public void A_named_checkpoint_is_gone_on_from_in_its_own_folder_or_in_a_new_one()
    {
        using var run = new SmallRun("checkpoints:\n  every: 2\n  keep_last: 9\n");
        run.Run("whole");
        run.Interrupt("run", 7);
        var resume = Resume.Parse(run.At("run", "checkpoints", "step-4"));
        List<int> steps = [];
        run.Run("run", metrics => steps.Add((int)metrics["step"]!), resume);
        Assert.Equal([5, 6, 7, 8, 9], steps);
        Assert.Equal(run.Metrics("whole"), run.Metrics("run"));
        run.Run("branch", resume: Resume.Parse(run.At("run", "checkpoints", "step-4")));
        Assert.Equal((run.Hash("whole"), run.Hash("whole")), (run.Hash("run"), run.Hash("branch")));
        Assert.Contains("manifest.json is missing", Assert.Throws<CheckpointException>(() => run.Run("new", resume: Resume.Parse(run.Model))).Message);
        Assert.False(Directory.Exists(run.At("new")));
    }

    [Fact]
    public void Another_libtorch_or_another_number_of_threads_is_said()
    {
        using var run = new SmallRun();
        run.Interrupt("run", 2);
        string file = run.At("run", "run.json");
        var facts = run.Facts("run");
        facts["versions"]!["threads"] = 99;
        File.WriteAllText(file, facts.ToJsonString());
        List<string> said = [];
        run.Run("run", say: said.Add);
        Assert.Contains(said, line => line.StartsWith($"threads was 99 and is {Ballast.Tensors.TorchLibrary.Threads}: sums may be rounded differently", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_processes_never_work_on_one_run()
    {
        using var run = new SmallRun();
        ConfigException? second = null;
        run.Run("run", metrics => second ??= Assert.Throws<ConfigException>(() => run.Run("run")));
        Assert.Contains("another process works on this run", second!.Message);
    }

    private static void Interrupt(JsonObject metrics, CancellationTokenSource source)
    {
        if ((int)metrics["step"]! == SmallRun.Middle)
        {
            source.Cancel();
        }
    }

    private static string HashOf(string file) => File.Exists(file) ? ModelFolder.HashFile(file) : "absent";

    private static IReadOnlyList<string> Results(SmallRun run) =>
    [
        .. Directory.EnumerateFiles(run.At("run"), "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{Path.GetRelativePath(run.Folder, file)} {ModelFolder.HashFile(file)}"),
    ];

    private static IReadOnlyList<string> Snapshot(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{Path.GetRelativePath(folder, file)} {File.GetLastWriteTimeUtc(file).Ticks} {(Path.GetFileName(file) == ".lock" ? "" : ModelFolder.HashFile(file))}"),
    ];
}
