using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>Every family against transformers' own outputs (shared/golden/families; its README gives the tolerances).</summary>
public class FamilyGoldenTests
{
    public static TheoryData<string> Cases =>
    [
        "llama2", "llama3", "llama3-tied-bf16", "smollm", "llama-biased", "mistral", "qwen2", "qwen3", "qwen3-yarn", "phi3", "phi3-long", "gemma", "gemma2",
    ];

    public static TheoryData<string> Bfloat16Cases => ["llama3-tied-bf16", "gemma"];

    public static TheoryData<string> PaddedCases => ["llama2", "qwen2", "gemma2"];

    [Fact]
    public void Every_case_of_the_references_is_compared()
    {
        var folders = Directory.GetDirectories(Shared.Path("golden", "families")).Select(folder => Path.GetFileName(folder)!);
        Assert.Equal(folders.Order(StringComparer.Ordinal), Cases.Select(row => row.Data).Order(StringComparer.Ordinal));
        foreach (string folder in folders)
        {
            using var golden = SafetensorsFile.Open(Shared.Path("golden", "families", folder, "golden.safetensors"));
            Assert.Equal(golden.Entries.ContainsKey("bf16.logits"), Bfloat16Cases.Any(row => row.Data == folder));
            Assert.Equal(golden.Entries.ContainsKey("left.logits"), PaddedCases.Any(row => row.Data == folder));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_number_of_parameters_is_that_of_the_checkpoint(string family)
    {
        string folder = Shared.Path("golden", "families", family), file = Path.Combine(folder, ModelFolder.ConfigFile);
        var config = DecoderConfig.Parse(JsonFile.ReadObject(file), file);
        using var checkpoint = Checkpoint.Open(folder);
        Assert.Equal((long)Facts(folder)["parameters"]!, config.ParameterCount);
        Assert.Equal(checkpoint.Entries.Values.Sum(entry => entry.ElementCount), config.ParameterCount);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_equal_those_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        using var logits = model.Logits(GoldenTensors.Batch(golden));
        GoldenTensors.Close(GoldenTensors.Floats(golden, "logits"), logits.ToArray<float>(), 1e-4, "logits");
    }

    [Theory]
    [MemberData(nameof(Cases))]
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
    [MemberData(nameof(Bfloat16Cases))]
    public void Bfloat16_stays_as_close_to_float32_as_that_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var bound = Facts(folder)["bf16_against_float32"]!;
        using var model = Decoder.Load(folder, DType.BF16);
        using var logits = model.Logits(GoldenTensors.Batch(golden));
        float[] exact = GoldenTensors.Floats(golden, "logits"), own = logits.ToArray<float>();
        double rms = Math.Sqrt(exact.Zip(own, (a, b) => ((double)a - b) * ((double)a - b)).Average());
        Assert.InRange(rms, 0, 1.5 * (double)bound["rms"]!);
        var result = model.Score(GoldenTensors.Batch(golden));
        Assert.Equal((double)bound["loss"]!, result.TotalLoss / result.TotalTargets, 0.02);
    }

    [Theory]
    [MemberData(nameof(PaddedCases))]
    public void Padding_on_the_left_leaves_the_logits_of_real_tokens(string family)
    {
        string folder = Shared.Path("golden", "families", family);
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

    [Theory]
    [MemberData(nameof(PaddedCases))]
    public void Padding_on_the_right_leaves_the_loss(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        var result = model.Score(GoldenTensors.Batch(golden, "right."));
        Assert.Equal((double)Facts(folder)["right_padded_loss"]!, result.TotalLoss / result.TotalTargets, 1e-5);
    }

    private static JsonObject Facts(string folder) => JsonFile.ReadObject(Path.Combine(folder, "golden.json"));
}
