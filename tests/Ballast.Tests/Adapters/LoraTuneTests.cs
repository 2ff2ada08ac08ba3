using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Adapters;

/// <summary>Whole runs that train an adapter on the real 260K-parameter model.</summary>
public class LoraTuneTests
{
    private const string Lora = "lora:\n  rank: 4\n  dropout: 0.2\n  target_modules: [q_proj, v_proj, down_proj]\n";

    private static string Base => Shared.Path("data", "tinyllama-stories260K", "hf");

    private static Recipe Recipe(string output, string more = Lora, string? model = null, int steps = 6) => Ballast.Configs.Recipe.Parse($$"""
        model: {{model ?? Base}}
        output: {{output}}
        data:
          train:
            - path: {{Shared.Path("data", "alpaca", "alpaca_2000.json")}}
              format: alpaca-prompt
              max_rows: 24
          max_length: 400
          too_long: drop
        training:
          learning_rate: 1.0e-2
          batch_size: 4
          micro_batch_size: 2
          max_steps: {{steps}}
          precision: float32
        {{more}}
        """, "recipe.yaml");

    private static string Fresh() => Path.Combine(Shared.TemporaryFolder(), "run");

    private static TuneResult Tune(Recipe recipe) => new TuneRun(recipe).Run(TestContext.Current.CancellationToken);

    private static double[] Losses(string folder) => [.. File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(line => (double)JsonNode.Parse(line)!["loss"]!)];

    private static float[] Logits(string model)
    {
        using var decoder = Decoder.Load(model);
        using var logits = decoder.Logits(new TokenBatch([.. Enumerable.Range(1, 20)], 1));
        return logits.ToArray<float>();
    }

    [Fact]
    public void A_run_writes_an_adapter_that_loads_and_the_merged_model()
    {
        var recipe = Recipe(Fresh(), Lora + "  merge: true\nema:\n  decay: 0.5\n");
        var result = Tune(recipe);
        double[] losses = Losses(result.Folder);
        Assert.True(losses[^1] < losses[0]);
        Assert.Equal(
            ["README.md", "adapter_config.json", "adapter_model.safetensors"],
            Directory.GetFiles(result.Model).Select(Path.GetFileName).Where(file => !file!.StartsWith("token", StringComparison.Ordinal) && file != "special_tokens_map.json").Order(StringComparer.Ordinal));
        var facts = JsonFile.ReadObject(Path.Combine(result.Folder, "run.json"));
        using (var adapter = AdapterFolder.Open(result.Model))
        {
            Assert.Equal("pt", adapter.File.Metadata["format"]);
            Assert.Equal(adapter.File.Entries.Values.Sum(entry => entry.ElementCount), (long)facts["trained_parameters"]!);
            Assert.Equal(Base, adapter.Config.BaseModel);
        }

        float[] adapted = Logits($"{Base}+{result.Model}"), plain = Logits($"{Base}+{Path.Combine(result.Folder, "plain")}");
        GoldenTensors.Close(adapted, Logits(Path.Combine(result.Folder, "merged")), 1e-4, "merged");
        Assert.Contains(adapted.Zip(Logits(Base)), pair => Math.Abs(pair.First - pair.Second) > 1e-2);
        Assert.Contains(adapted.Zip(plain), pair => Math.Abs(pair.First - pair.Second) > 1e-3);
    }

    [Fact]
    public void C6_C11_the_average_tracks_every_trained_parameter_in_float32_and_no_other()
    {
        using var model = Decoder.Load(Base, DType.BF16);
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(null, "all-linear") }, seed: 1);
        using var ema = new WeightEma(model.Trainable, new EmaSection());
        Assert.Equal(model.Trainable.Names.Sum(pair => pair.Shape.Aggregate(1L, (a, b) => a * b)), ema.Average.Count);
        Assert.Equal(DType.F32, ema.Average.DType);
        Assert.Null(model.Weights.Grad);
        Assert.Same(model.Weights.Value, model.Weights.Master);
        Assert.Equal(DType.BF16, model.Weights.Value.DType);
    }

    [Fact]
    public void D1_a_run_with_dropout_goes_on_bit_for_bit()
    {
        string whole = Tune(Recipe(Fresh())).Model, folder = Fresh();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => new TuneRun(Recipe(folder), progress: metrics =>
        {
            if ((int)metrics["step"]! == 3)
            {
                stop.Cancel();
            }
        }).Run(stop.Token));
        string resumed = Tune(Recipe(folder)).Model;
        Assert.Equal(Hash(whole), Hash(resumed));
        var other = Recipe(Fresh());
        Assert.NotEqual(Hash(whole), Hash(Tune(other with { Lora = other.Lora! with { Dropout = 0 } }).Model));
    }

    [Fact]
    public void C12_the_control_of_an_average_is_the_adapter_scaled_by_lambda()
    {
        var result = Tune(Recipe(Fresh(), Lora + "  modules_to_save: [norm]\nema:\n  decay: 0.7\n  controls: true\n"));
        AssertIsLinearMerge(result, $"{Base}+{Path.Combine(result.Folder, "control-merge")}");
        Assert.True(AdapterFolder.Is(Path.Combine(result.Folder, "control-rate", "model")));
    }

    [Fact]
    public void C12_with_dora_the_control_is_the_merged_model()
    {
        var result = Tune(Recipe(Fresh(), Lora + "  use_dora: true\nema:\n  decay: 0.7\n  controls: true\n"));
        AssertIsLinearMerge(result, Path.Combine(result.Folder, "control-merge"));
    }

    [Fact]
    public void Training_goes_on_with_an_adapter_or_merges_it_first()
    {
        string first = Tune(Recipe(Fresh())).Model, name = $"{Base}+{first}";
        var second = Tune(Recipe(Fresh(), model: name));
        Assert.True(AdapterFolder.Is(second.Model));
        Assert.True(Losses(second.Folder)[0] < Losses(Path.GetDirectoryName(first)!)[0]);
        var full = Tune(Recipe(Fresh(), "", name));
        Assert.Equal(Losses(second.Folder)[0], Losses(full.Folder)[0], 0.3);  // dropout is in the first, not in the second
        Assert.True(File.Exists(Path.Combine(full.Model, "model.safetensors")));
        Assert.Contains("another adapter", Assert.Throws<ConfigException>(() => Tune(Recipe(Fresh(), Lora.Replace("rank: 4", "rank: 5", StringComparison.Ordinal), name))).Message);
    }

    [Theory]
    [InlineData("  target_modules: [q_prj]\n", "q_prj")]
    [InlineData("  modules_to_save: [nothing]\n", "nothing")]
    [InlineData("  rank_pattern:\n    q_proj: 2\n    layers.0.self_attn.q_proj: 3\n", "disagree")]
    public void What_means_no_module_is_refused_before_anything_is_written(string lora, string part)
    {
        string folder = Fresh();
        Assert.Contains(part, Assert.Throws<ConfigException>(() => Tune(Recipe(folder, "lora:\n" + lora))).Message);
        Assert.False(Directory.Exists(folder));
    }

    private static string Hash(string adapter) => ModelFolder.HashFile(Path.Combine(adapter, AdapterFolder.WeightsFile));

    // base + lambda (tuned - base), in the models' weights
    private static void AssertIsLinearMerge(TuneResult result, string control)
    {
        string plain = Path.Combine(Shared.TemporaryFolder(), "plain"), merged = Path.Combine(Shared.TemporaryFolder(), "merged");
        AdapterMergeWriter.Run(new ModelName(Base, Path.Combine(result.Folder, "plain")), plain);
        if (ModelName.Parse(control).Adapter is not null)
        {
            AdapterMergeWriter.Run(ModelName.Parse(control), merged);
            control = merged;
        }

        using Decoder start = Decoder.Load(Base), tuned = Decoder.Load(plain), found = Decoder.Load(control);
        double moved = start.Weights.Master.Distance(tuned.Weights.Master);
        start.Weights.Master.Lerp(tuned.Weights.Master, result.Ema!.EffectiveLambda);
        Assert.InRange(start.Weights.Master.Distance(found.Weights.Master), 0, 1e-4 * moved);
    }
}
