using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Merging.Rescue;
using Ballast.Models;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class ScaledAdapterTests
{
    private const string Module = "model.layers.0.self_attn.o_proj";

    private readonly RescueFolder _folder = new();
    private readonly float[] _a = [.. Enumerable.Range(0, 48).Select(i => MathF.Sin(i))];
    private readonly float[] _b = [.. Enumerable.Range(0, 48).Select(i => MathF.Cos(3 * i))];

    public ScaledAdapterTests() => Save(Adapter, "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 7, \"target_modules\": [\"o_proj\"], \"note\": null}");

    private string Adapter => _folder.In("adapter");

    [Fact]
    public void The_ends_are_the_model_without_and_with_the_adapter()
    {
        using var path = Open();
        path.Move("scaled", 0, TestContext.Current.CancellationToken);
        using var aligned = Decoder.Load(_folder.Aligned);
        Assert.Equal(Logits(aligned), Logits(path.Model.Model));
        path.Move("scaled", 1, TestContext.Current.CancellationToken);
        Ballast.Adapters.Adapter.Load(aligned, Adapter);
        Assert.Equal(Logits(aligned), Logits(path.Model.Model));
    }

    [Fact]
    public void A_point_between_is_the_linear_merge_worked_out_by_hand()
    {
        // W + lambda (alpha / r) B A with lambda 0.3, alpha 7, r 3: the factor is 0.7.
        using var path = Open();
        path.Move("scaled", 0.3, TestContext.Current.CancellationToken);
        using var model = Decoder.Load(_folder.Aligned);
        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                if (name == Module + ".weight")
                {
                    float[] merged = view.ToArray<float>();
                    for (int i = 0; i < merged.Length; i++)
                    {
                        merged[i] += 0.7f * Enumerable.Range(0, 3).Sum(k => _b[(i / 16 * 3) + k] * _a[(k * 16) + (i % 16)]);
                    }

                    using var values = Tensor.From<float>(merged, 16, 16);
                    view.CopyFrom(values);
                }
            }
        }

        float[] expected = Logits(model), found = Logits(path.Model.Model);
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void The_written_adapter_is_the_one_that_was_measured()
    {
        using var path = Open();
        path.Move("scaled", 0.3, TestContext.Current.CancellationToken);
        path.Write("scaled", 0.3, _folder.In("written"), "card", TestContext.Current.CancellationToken);
        using var model = Decoder.Load(_folder.Aligned);
        Ballast.Adapters.Adapter.Load(model, _folder.In("written"));
        Assert.Equal(Logits(path.Model.Model), Logits(model));
        Assert.Equal(2.1, (double)JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.In("written"), "adapter_config.json")))!["lora_alpha"]!, 12);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Adapter, "adapter_model.safetensors")), File.ReadAllBytes(Path.Combine(_folder.In("written"), "adapter_model.safetensors")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sweep_scales_the_adapter(bool named)
    {
        string tuned = named ? $"{_folder.Aligned}+{Adapter}" : Adapter;
        var summary = new RescueRun(_folder.Options() with { Tuned = tuned, Rule = RescueRule.BestUtility }).Run(TestContext.Current.CancellationToken);
        Assert.Equal(["aligned", "scaled-0.25", "scaled-0.5", "tuned"], summary.Points.Select(point => point.Name));
        Assert.True(AdapterFolder.Is(summary.Model!));
        Assert.Contains("lora_alpha", File.ReadAllText(Path.Combine(summary.Model!, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_lambda_does_not_reach_is_refused()
    {
        Assert.Contains("other weights than the aligned model", Assert.Throws<CheckpointException>(() => ScaledAdapter.Open(_folder.Tuned, _folder.Aligned, Adapter, ["linear"], TestContext.Current.CancellationToken)).Message);
        Assert.Contains("'ties' does not apply", Assert.Throws<ConfigException>(() => ScaledAdapter.Open(_folder.Aligned, _folder.Aligned, Adapter, ["ties"], TestContext.Current.CancellationToken)).Message);
        Save(_folder.In("norms"), "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 7, \"target_modules\": [\"o_proj\"], \"modules_to_save\": [\"norm\"]}", ("base_model.model.model.norm.weight", new float[16], [16]));
        Assert.Contains("model.norm.weight", Assert.Throws<CheckpointException>(() => ScaledAdapter.Open(_folder.Aligned, _folder.Aligned, _folder.In("norms"), ["linear"], TestContext.Current.CancellationToken)).Message);
        Assert.Throws<CheckpointException>(() => ScaledAdapter.Open(_folder.Aligned, _folder.Aligned, _folder.In("nowhere"), ["linear"], TestContext.Current.CancellationToken));
    }

    private ScaledAdapter Open() => ScaledAdapter.Open(_folder.Aligned, _folder.Aligned, Adapter, ["linear"], TestContext.Current.CancellationToken);

    private void Save(string folder, string config, params (string Name, float[] Values, long[] Shape)[] more)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config);
        (string Name, float[] Values, long[] Shape)[] all = [($"base_model.model.{Module}.lora_A.weight", _a, [3, 16]), ($"base_model.model.{Module}.lora_B.weight", _b, [16, 3]), .. more];
        using var writer = new SafetensorsWriter(Path.Combine(folder, "adapter_model.safetensors"), all.Select(tensor => TensorEntry.Create(tensor.Name, DType.F32, tensor.Shape)));
        foreach (var (name, values, _) in all)
        {
            writer.Write(name, MemoryMarshal.AsBytes(values.AsSpan()));
        }

        writer.Complete();
    }

    private static float[] Logits(Decoder model)
    {
        using var logits = model.Logits(new TokenBatch([256, 10, 20, 30], 1));
        return logits.ToArray<float>();
    }
}
