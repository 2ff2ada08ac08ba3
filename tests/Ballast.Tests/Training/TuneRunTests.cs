using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>Whole runs on the real 260K-parameter model and the real Alpaca sample.</summary>
public class TuneRunTests
{
    private static Recipe Recipe(string output, string more = "", int steps = 6) => Ballast.Configs.Recipe.Parse($$"""
        model: {{Shared.Path("data", "tinyllama-stories260K", "hf")}}
        output: {{output}}
        data:
          train:
            - path: {{Shared.Path("data", "alpaca", "alpaca_2000.json")}}
              format: alpaca-prompt
              max_rows: 24
          max_length: 400
          too_long: drop
        training:
          learning_rate: 1.0e-3
          batch_size: 4
          micro_batch_size: 2
          max_steps: {{steps}}
          precision: float32
        {{more}}
        """, "recipe.yaml");

    [Fact]
    public void C10_a_run_writes_the_averaged_and_the_plain_model_its_facts_and_its_metrics()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "run");
        var recipe = Recipe(folder, "ema:\n  decay: 0.5\n");
        var result = new TuneRun(recipe).Run(TestContext.Current.CancellationToken);
        Assert.Equal(6, result.Training.Steps);
        var metrics = File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(6, metrics.Count);
        Assert.True((double)metrics[5]["loss"]! < (double)metrics[0]["loss"]!);
        foreach (string name in (string[])["loss", "grad_norm", "learning_rate", "mean_token_accuracy", "num_tokens", "tokens_per_second"])
        {
            Assert.NotNull(metrics[0][name]);
        }

        var facts = JsonFile.ReadObject(Path.Combine(folder, "run.json"));
        Assert.Equal(12, (int)facts["train"]!["rows"]!);
        Assert.Equal(64, ((string)facts["train"]!["sources"]![0]!["sha256"]!).Length);
        Assert.Equal(ModelFolder.HashWeights(result.Model, TestContext.Current.CancellationToken), (string)facts["model_sha256"]!);
        Assert.Equal(recipe.ToYaml(), File.ReadAllText(Path.Combine(folder, "recipe.yaml")));
        Assert.True(File.Exists(Path.Combine(folder, "model", "tokenizer.json")));
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(folder, "report.html")));
        Assert.InRange((double)facts["ema"]!["effective_lambda"]!, 0.3, 1);
        using Decoder tuned = Decoder.Load(result.Model), plain = Decoder.Load(Path.Combine(folder, "plain")), aligned = Decoder.Load(recipe.Model);
        double average = tuned.Weights.Master.Distance(aligned.Weights.Master), weights = plain.Weights.Master.Distance(aligned.Weights.Master);
        Assert.Equal(result.Ema!.AverageMoved, average, 1e-6);
        Assert.Equal(result.Ema.WeightsMoved, weights, 1e-6);
    }

    [Fact]
    public void The_same_recipe_gives_the_same_bits_and_another_seed_others()
    {
        string Hash(ulong seed)
        {
            var recipe = Recipe(Path.Combine(Shared.TemporaryFolder(), "run"));
            var run = new TuneRun(recipe with { Training = recipe.Training with { Seed = seed } }).Run(TestContext.Current.CancellationToken);
            return ModelFolder.HashWeights(run.Model);
        }

        Assert.Equal(Hash(0), Hash(0));
        Assert.NotEqual(Hash(0), Hash(1));
    }

    [Fact]
    public void A4_packing_changes_the_passes_and_not_what_is_learned()
    {
        List<double> Losses(bool packing, out double padding)
        {
            var recipe = Recipe(Path.Combine(Shared.TemporaryFolder(), "run"));
            double share = -1;
            new TuneRun(recipe with { Data = recipe.Data with { Packing = packing } }, started: plan => share = plan.PaddingShare).Run(TestContext.Current.CancellationToken);
            padding = share;
            return [.. File.ReadLines(Path.Combine(recipe.Output, "metrics.jsonl")).Select(line => (double)JsonNode.Parse(line)!["loss"]!)];
        }

        var padded = Losses(false, out double before);
        var packed = Losses(true, out double after);
        Assert.True(before > 0.02);
        Assert.Equal(0, after);
        Assert.All(padded.Zip(packed), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    // Stated in docs/training.md: over a short run bfloat16's loss stays within 0.02 of float32's at every step and within 0.005 on average.
    [Fact]
    public void The_loss_curve_in_bfloat16_follows_that_in_float32()
    {
        List<double> Losses(Precision precision)
        {
            var recipe = Recipe(Path.Combine(Shared.TemporaryFolder(), "run"), steps: 20);
            new TuneRun(recipe with { Training = recipe.Training with { Precision = precision } }).Run(TestContext.Current.CancellationToken);
            return [.. File.ReadLines(Path.Combine(recipe.Output, "metrics.jsonl")).Select(line => (double)JsonNode.Parse(line)!["loss"]!)];
        }

        var single = Losses(Precision.Float32);
        double[] differences = [.. single.Zip(Losses(Precision.Bfloat16), (x, y) => Math.Abs(x - y))];
        Assert.True(single[0] - single[^1] > 0.1, $"nothing was learned: {single[0]} to {single[^1]}");
        Assert.InRange(differences.Max(), 1e-6, 0.02);
        Assert.InRange(differences.Average(), 1e-7, 0.005);
    }

    [Fact]
    public void C12_controls_are_the_merge_at_the_matched_lambda_and_the_scaled_rate()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "run");
        var result = new TuneRun(Recipe(folder, "ema:\n  decay: 0.8\n  controls: true\n")).Run(TestContext.Current.CancellationToken);
        Decoder Load(string name) => Decoder.Load(Path.Combine(folder, name));
        using Decoder plain = Load("plain"), merge = Load("control-merge"), rate = Load("control-rate/model"), aligned = Decoder.Load(Recipe(folder).Model);
        using var expected = aligned.Weights.Master.To(Device.Cpu);
        expected.Lerp(plain.Weights.Master, result.Ema!.EffectiveLambda);
        Assert.Equal(0, expected.Distance(merge.Weights.Master), 1e-4);
        Assert.Equal(1e-3 * 0.2, (double)JsonNode.Parse(File.ReadLines(Path.Combine(folder, "control-rate", "metrics.jsonl")).First())!["learning_rate"]!, 1e-12);
        Assert.True(rate.Weights.Master.Distance(aligned.Weights.Master) > 0);
    }

    [Fact]
    public void Feedback_gives_the_model_of_the_scaled_rate()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "run");
        new TuneRun(Recipe(folder, "ema:\n  mode: feedback\n  decay: 0.5\n  controls: true\n")).Run(TestContext.Current.CancellationToken);
        using Decoder feedback = Decoder.Load(Path.Combine(folder, "model")), rate = Decoder.Load(Path.Combine(folder, "control-rate", "model"));
        using var aligned = Decoder.Load(Recipe(folder).Model);
        double moved = feedback.Weights.Master.Distance(aligned.Weights.Master);
        Assert.InRange(feedback.Weights.Master.Distance(rate.Weights.Master), 0, 1e-3 * moved);
        Assert.True(File.Exists(Path.Combine(folder, "control-plain", "model", "model.safetensors")));
    }

    [Fact]
    public void A_probe_logs_the_attack_success_rate_and_stops_the_run()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "run"), suite = Path.Combine(Shared.TemporaryFolder(), "probe.yaml");
        File.WriteAllText(suite, $"name: probe\nkind: harmful\nprompts: {Shared.Path("data", "advbench", "harmful_behaviors.csv")}\ncolumn: goal\ntemplate: raw\n");
        var result = new TuneRun(Recipe(folder, $"probe:\n  suite: {suite}\n  every: 2\n  prompts: 4\n  max_new_tokens: 8\n  stop_above: 0.5\n")).Run(TestContext.Current.CancellationToken);
        Assert.Equal(2, result.Training.Steps);
        Assert.Contains("stop_above", result.Training.Stopped);
        var last = JsonNode.Parse(File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Last())!;
        Assert.Equal(1.0, (double)last["asr_probe"]!);
        Assert.Equal(4 / (4 + 1.959964 * 1.959964), (double)last["asr_probe_low"]!, 1e-6);
    }

    [Fact]
    public void C5_an_average_that_tracked_nothing_is_an_error()
    {
        var check = new EmaCheck(AverageMoved: 0.001, WeightsMoved: 1, EffectiveLambda: 0.001, PredictedLambda: 0.4, Decay: 0.99, Updates: 100);
        Assert.Contains("did not track the training", Assert.Throws<RunException>(check.Verify).Message);
        (check with { AverageMoved = 0.35, EffectiveLambda = 0.33 }).Verify();
    }

    [Fact]
    public void A_disk_that_cannot_take_the_models_is_refused_before_training()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "not", "yet");
        Assert.Contains("the disk is too full", Assert.Throws<ConfigException>(() => DiskSpace.Check(folder, long.MaxValue, "the models")).Message);
        DiskSpace.Check(folder, 1, "the models");
    }

    [Fact]
    public void A_folder_that_holds_files_is_refused_before_anything_is_read()
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "precious.txt"), "x");
        var fault = Assert.Throws<ConfigException>(() => new TuneRun(Recipe(folder)).Run(TestContext.Current.CancellationToken));
        Assert.Contains("holds files already", fault.Message);
        Assert.Equal(["precious.txt"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
    }
}
