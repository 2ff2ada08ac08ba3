using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>Models of the Llama family against transformers' own outputs (shared/golden/families; its README gives the tolerances).</summary>
public class FamilyGoldenTests
{
    public static TheoryData<string> Families => ["llama2", "llama3", "llama3-tied-bf16", "smollm", "llama-biased"];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_equal_those_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        using var logits = model.Logits(GoldenTensors.Batch(golden));
        GoldenTensors.Close(GoldenTensors.Floats(golden, "logits"), logits.ToArray<float>(), 1e-4, "logits");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A7_loss_and_every_gradient_equal_those_of_autograd(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var facts = Facts(folder);
        using var model = Decoder.Load(folder, training: true);
        var batch = GoldenTensors.Batch(golden);
        var result = model.Backward(batch, 1.0 / batch.TargetCount);
        Assert.Equal((double)facts["loss"]!, result.TotalLoss / result.TotalTargets, 1e-5);
        double tolerance = 2e-5 * Math.Max(1, (double)facts["grad_max_abs"]!);
        var names = new List<string>();
        foreach (var (name, view) in model.Weights.Views(model.Weights.Grad))
        {
            using (view)
            {
                names.Add("grad." + name);
                GoldenTensors.Close(GoldenTensors.Floats(golden, "grad." + name), view.ToArray<float>(), tolerance, name);
            }
        }

        Assert.Equal(golden.Entries.Keys.Where(k => k.StartsWith("grad.", StringComparison.Ordinal)).Order(), names.Order());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Bfloat16_stays_as_close_to_float32_as_that_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        Assert.SkipUnless(golden.Entries.ContainsKey("bf16.logits"), "this case has no bfloat16 reference");
        var bound = Facts(folder)["bf16_against_float32"]!;
        using var model = Decoder.Load(folder, DType.BF16);
        using var logits = model.Logits(GoldenTensors.Batch(golden));
        float[] exact = GoldenTensors.Floats(golden, "logits"), own = logits.ToArray<float>();
        double rms = Math.Sqrt(exact.Zip(own, (a, b) => ((double)a - b) * ((double)a - b)).Average());
        Assert.InRange(rms, 0, 1.5 * (double)bound["rms"]!);
    }

    [Fact]
    public void Padding_on_the_left_leaves_the_logits_of_real_tokens()
    {
        string folder = Shared.Path("golden", "families", "llama2");
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        int[] ids = GoldenTensors.Ints(golden, "left.input_ids"), mask = GoldenTensors.Ints(golden, "left.attention_mask");
        int tokens = ids.Length / 2;
        var starts = new int[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            starts[i] = Math.Min(Array.IndexOf(mask, 1, i / tokens * tokens) % tokens, i % tokens);
        }

        using var logits = model.Logits(new TokenBatch(ids, 2, Positions: GoldenTensors.Ints(golden, "left.position_ids"), Starts: starts));
        float[] expected = GoldenTensors.Floats(golden, "left.logits"), actual = logits.ToArray<float>();
        for (int i = 0; i < ids.Length; i++)
        {
            if (mask[i] == 1)
            {
                GoldenTensors.Close(expected.AsSpan(i * 160, 160), actual.AsSpan(i * 160, 160), 1e-4, $"row {i}");
            }
        }
    }

    [Fact]
    public void Padding_on_the_right_leaves_the_loss()
    {
        string folder = Shared.Path("golden", "families", "llama2");
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        var result = model.Score(GoldenTensors.Batch(golden, "right."));
        Assert.Equal((double)Facts(folder)["right_padded_loss"]!, result.TotalLoss / result.TotalTargets, 1e-5);
    }

    [Fact]
    public void Another_family_is_refused_by_name()
    {
        string folder = Shared.Path("golden", "families", "gemma2");
        var fault = Assert.Throws<CheckpointException>(() => Decoder.Load(folder));
        Assert.Contains("model_type is 'gemma2'; expected one of the supported families: llama", fault.Message);
    }

    private static JsonObject Facts(string folder) => JsonFile.ReadObject(Path.Combine(folder, "golden.json"));
}
