using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>AdamW, clipping and schedules against PyTorch and transformers (shared/golden/optim; its README gives the tolerances).</summary>
public class OptimizerGoldenTests
{
    public static TheoryData<string> AdamWCases =>
    [
        "adamw-default", "adamw-no-decay", "adamw-llm", "adamw-large-eps", "adamw-no-momentum", "adamw-clip-never", "adamw-decay-on-weight-only",
    ];

    [Theory]
    [MemberData(nameof(AdamWCases))]
    public void Adamw_with_clipping_equals_torch(string name)
    {
        using var golden = SafetensorsFile.Open(Shared.Path("golden", "optim", "optimizers.safetensors"));
        var facts = JsonFile.ReadObject(Shared.Path("golden", "optim", "optimizers.json"))["cases"]![name]!;
        var settings = facts["settings"]!;
        bool biasDecays = (string)facts["weight_decay_on"]! == "weight and bias";
        Weight matrix = new(4, ("weight", 3)), bias = new(biasDecays ? 1 : 0, ("bias", 5));
        using var weights = new WeightStore([matrix, bias], DType.F32, Device.Cpu, training: true);
        GoldenTensors.Floats(golden, "weight").CopyTo(matrix.Value.Span<float>());
        GoldenTensors.Floats(golden, "bias").CopyTo(bias.Value.Span<float>());
        using var optimizer = new AdamW(weights, new AdamWOptions((double)settings["betas"]![0]!, (double)settings["betas"]![1]!, (double)settings["eps"]!, (double)settings["weight_decay"]!));
        float[] matrixGrads = GoldenTensors.Floats(golden, "grad.weight"), biasGrads = GoldenTensors.Floats(golden, "grad.bias");
        float[] matrixAfter = GoldenTensors.Floats(golden, name + ".weight"), biasAfter = GoldenTensors.Floats(golden, name + ".bias");
        for (int step = 0; step < 15; step++)
        {
            matrixGrads.AsSpan(step * 12, 12).CopyTo(matrix.Grad!.Span<float>());
            biasGrads.AsSpan(step * 5, 5).CopyTo(bias.Grad!.Span<float>());
            double norm = Math.Sqrt(weights.Grad!.SquareSum());
            Assert.Equal((double)facts["grad_norms"]![step]!, norm, 1e-6 * norm);
            optimizer.Step((double)facts["learning_rates"]![step]!, facts["clip"] is { } clip ? Math.Min(1, (double)clip / (norm + 1e-6)) : 1);
            Near(matrixAfter.AsSpan(step * 12, 12), matrix.Value.Span<float>(), $"{name} weight, step {step}");
            Near(biasAfter.AsSpan(step * 5, 5), bias.Value.Span<float>(), $"{name} bias, step {step}");
        }
    }

    [Fact]
    public void Schedules_use_the_rates_of_transformers()
    {
        int rows = 0;
        foreach (var row in JsonFile.ReadObject(Shared.Path("golden", "optim", "schedules.json"))["rows"]!.AsArray())
        {
            string name = (string)row!["name"]!;
            Schedule? schedule = name switch
            {
                "linear" => Schedule.Linear,
                "cosine" => Schedule.Cosine,
                "constant" or "constant_with_warmup" => Schedule.Constant,
                _ => null,
            };
            if (schedule is null || row["error"] is not null || row["options"] is JsonObject { Count: > 0 })
            {
                continue;  // schedules that recipes do not offer, and options of theirs
            }

            rows++;
            double peak = (double)row["learning_rate"]!;
            int total = (int)row["total"]!;
            var rate = new LearningRate(peak, schedule.Value, name == "constant" ? 0 : (int)row["warmup"]!, total);
            foreach (var (step, value) in row["steps"]!.AsArray().Zip(row["values"]!.AsArray(), (s, v) => ((int)s!, (double)v!)))
            {
                if (step < total)
                {
                    Assert.Equal(value, rate.At(step), 1e-12 * peak);
                }
            }
        }

        Assert.True(rows >= 6, $"{rows} schedules were compared");
    }

    [Fact]
    public void A_warmup_share_is_rounded_up_to_steps() =>
        Assert.Equal(4, LearningRate.Of(new TrainingSection(WarmupRatio: 0.03), 101).Warmup);

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-6 + 2e-6 * Math.Abs(expected[i]), $"{what}, element {i}: expected {expected[i]}, got {actual[i]}");
        }
    }
}
