using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Adapters;

public class AdapterTests
{
    private static readonly int[] s_ids = [.. Enumerable.Range(0, 24).Select(i => i * i % 23)];

    public static TheoryData<bool, DType> Kinds => new() { { false, DType.F32 }, { true, DType.F32 }, { false, DType.BF16 }, { true, DType.BF16 } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_new_adapter_leaves_the_logits_bit_for_bit(bool dora, DType dtype)
    {
        using var model = Decoder.Create(TrainerTests.Tiny, 1, dtype);
        using var before = model.Logits(new TokenBatch(s_ids, 2));
        Adapter.Create(model, new AdapterConfig { TargetModules = dora ? new ModuleNames(null, "all-linear") : new ModuleNames(null, ".*"), UseDora = dora, ModulesToSave = ["norm"] }, seed: 3);
        using var after = model.Logits(new TokenBatch(s_ids, 2));
        Assert.Equal(before.ToArray<float>(), after.ToArray<float>());
    }

    [Fact]
    public void With_dropout_the_gradient_is_that_of_the_same_masks()
    {
        using var model = Decoder.Create(TrainerTests.Tiny, 1, DType.F64);
        var adapter = Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(null, "all-linear"), Dropout = 0.3 }, seed: 3);
        foreach (var (name, view) in adapter.Weights.Views())
        {
            using (view)
            {
                view.FillNormal(0.3, (ulong)name.Length);
            }
        }

        var batch = new TokenBatch(s_ids, 2, s_ids);
        adapter.Dropout.Key = 7;
        double Loss() => model.Score(batch).TotalLoss;
        double dropped = Loss();
        model.Backward(batch, 1);
        adapter.Weights.CompleteGradients();
        double[] gradient = adapter.Weights.Grad!.ToArray<double>();
        var values = adapter.Weights.Master.Span<double>();
        for (int i = 0; i < gradient.Length; i += gradient.Length / 40)
        {
            double at = values[i], step = 1e-5;
            values[i] = at + step;
            double above = Loss();
            values[i] = at - step;
            double below = Loss();
            values[i] = at;
            Assert.Equal((above - below) / (2 * step), gradient[i], 1e-6 * Math.Max(1, Math.Abs(gradient[i])));
        }

        model.ActivationCheckpointing = true;
        adapter.Weights.ForgetGradients();
        model.Backward(batch, 1);
        Assert.Equal(gradient, adapter.Weights.Grad.ToArray<double>());
        adapter.Dropout.Key = 8;
        Assert.NotEqual(dropped, Loss());
        adapter.Dropout.Key = null;
        double whole = Loss();
        adapter.Dropout.Key = 7;
        Assert.NotEqual(whole, dropped);
        Assert.Equal(dropped, Loss());
    }

    [Fact]
    public void Dropout_keeps_the_share_and_the_mean()
    {
        using var x = Tensor.Empty(DType.F32, Device.Cpu, 100, 1000);
        x.Fill(1);
        Ops.Dropout(x, 0.25, 42);
        float[] values = x.ToArray<float>();
        Assert.InRange(values.Count(value => value == 0) / 1e5, 0.24, 0.26);
        Assert.InRange(values.Average(), 0.99, 1.01);
        Assert.All(values.Distinct(), value => Assert.True(value == 0 || Math.Abs(value - 4 / 3.0) < 1e-6));
    }

    [Fact]
    public void First_values_are_drawn_as_peft_draws_them()
    {
        var modules = Golden.Json("lora", "initial.json")["default"]!["modules"]!.AsObject();
        var config = TrainerTests.Tiny with { VocabSize = 300, HiddenSize = 128, IntermediateSize = 128, NumHeads = 8, NumKvHeads = 4, HeadDim = 16 };
        using var model = Decoder.Create(config, 1);
        string[] targets = [.. modules.Select(pair => pair.Key).Where(name => name is "model.embed_tokens" or "model.layers.0.self_attn.q_proj" or "model.layers.0.self_attn.k_proj")];
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(targets, null), Rank = 16, Alpha = 32 }, seed: 5);
        int compared = 0;
        foreach (var (key, view) in model.Trainable.Views())
        {
            using (view)
            {
                string module = targets.Single(target => key.Contains(target, StringComparison.Ordinal));
                var expected = modules[module]![key.Contains("_A", StringComparison.Ordinal) ? "A" : "B"]!;
                Assert.Equal(Golden.Numbers(expected["shape"]), view.Shape.Select(size => (double)size));
                float[] values = view.ToArray<float>();
                double deviation = Math.Sqrt(values.Average(value => (double)value * value));
                Assert.Equal((double)expected["std"]!, deviation, 0.06 * (double)expected["std"]! + 1e-12);
                Assert.InRange(values.Max(), 0.9 * (double)expected["max"]! - 0.3 * (double)expected["std"]!, 1.1 * (double)expected["max"]! + (double)expected["std"]!);
                compared++;
            }
        }

        Assert.Equal(2 * targets.Length, compared);
    }

    [Fact]
    public void A_tied_head_goes_its_own_way_where_an_adapter_says_so()
    {
        string trunk = Shared.Path("golden", "lora", "base-qwen2"), folder = Shared.TemporaryFolder();
        using var model = Decoder.Load(trunk);
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(["q_proj"], null), ModulesToSave = ["lm_head"] }, seed: 1);
        foreach (var (key, view) in model.Trainable.Views())
        {
            using (view)
            {
                view.FillNormal(0.1, Hash.Of(key));
            }
        }

        model.Trainable.Publish();
        using var applied = model.Logits(new TokenBatch(s_ids, 2));
        string adapter = Path.Combine(folder, "adapter"), merged = Path.Combine(folder, "merged");
        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, null, adapter, "");
        Assert.True(AdapterMergeWriter.Run(new ModelName(trunk, adapter), merged, cancellationToken: TestContext.Current.CancellationToken).HeadUntied);
        using var whole = Decoder.Load(merged);
        Assert.False(whole.Config.TieWordEmbeddings);
        using var logits = whole.Logits(new TokenBatch(s_ids, 2));
        GoldenTensors.Close(applied.ToArray<float>(), logits.ToArray<float>(), 1e-4, "logits");
    }

    [Theory]
    [InlineData("r", "6", "rank 6")]
    [InlineData("peft_type", "\"LOHA\"", "peft_type")]
    [InlineData("use_dora", "true", "lora_magnitude_vector")]
    [InlineData("lora_bias", "true", "lora_bias")]
    [InlineData("target_modules", "null", "target_modules")]
    [InlineData("rank_pattern", "{\"(\": 3}", "no regular expression")]
    public void A_damaged_or_foreign_configuration_is_refused_by_its_key(string key, string value, string part)
    {
        string source = Shared.Path("golden", "lora", "plain"), folder = Shared.TemporaryFolder();
        File.Copy(Path.Combine(source, AdapterFolder.WeightsFile), Path.Combine(folder, AdapterFolder.WeightsFile));
        var json = JsonFile.ReadObject(Path.Combine(source, AdapterConfig.FileName));
        json[key] = System.Text.Json.Nodes.JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(folder, AdapterConfig.FileName), json.ToJsonString());
        Assert.Contains(part, Assert.Throws<CheckpointException>(() => AdapterFolder.Open(folder)).Message);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused()
    {
        string name = $"{Shared.Path("golden", "lora", "base-phi3")}+{Shared.Path("golden", "lora", "plain")}";
        Assert.Contains("belongs to another model", Assert.Throws<CheckpointException>(() => Decoder.Load(name)).Message);
    }

    [Fact]
    public void The_last_plus_parts_base_and_adapter_unless_the_path_exists()
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "a+b");
        Directory.CreateDirectory(folder);
        Assert.Equal(new ModelName(folder, null), ModelName.Parse(folder));
        Assert.Equal(new ModelName(folder, "c"), ModelName.Parse(folder + "+c"));
        Assert.Equal(new ModelName("x", "y"), ModelName.Parse("x+y"));
        Assert.Equal(new ModelName("x+", null), ModelName.Parse("x+"));
    }
}
