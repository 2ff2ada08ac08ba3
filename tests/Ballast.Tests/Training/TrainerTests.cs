using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Models;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

public class TrainerTests
{
    internal static readonly DecoderConfig Tiny = new()
    {
        VocabSize = 23, HiddenSize = 16, IntermediateSize = 20, NumLayers = 2, NumHeads = 4, NumKvHeads = 2, HeadDim = 4,
        RmsNormEps = 1e-5, Rotary = new RotaryScaling(10000), MaxSeqLen = 64, TieWordEmbeddings = true, InitializerRange = 0.3,
    };

    /// <summary>What the families have beyond Llama, together: a sequence above 7 tokens is long.</summary>
    internal static readonly DecoderConfig EveryFeature = Tiny with
    {
        QkNorm = true,
        PostNorms = true,
        NormOffset = 1,
        EmbeddingScale = 4,
        Activation = Activation.GeluTanh,
        AttentionScale = 0.8,
        AttentionSoftcap = 0.7,
        FinalSoftcap = 1.5,
        Windows = [4, null],
        RotaryDim = 2,
        FusedProjections = true,
        Rotary = new LongRotary(10000, [1], [2], 7, 1.2),
        AttentionBias = true,
    };

    private static TokenBatch Row(int length, int seed, int masked = 1)
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(i => (i * 7 + seed * 5 + 3) % 23)];
        return new TokenBatch(ids, 1, [.. ids.Select((id, i) => i < masked ? -100 : id)], Sources: [$"rows.jsonl:{seed}"]);
    }

    // Rows one below the other, padded on the right to the longest.
    private static TokenBatch Join(params TokenBatch[] rows)
    {
        int width = rows.Max(row => row.Tokens);
        int[] Padded(int[] values, int filler) => [.. values, .. Enumerable.Repeat(filler, width - values.Length)];
        return new TokenBatch([.. rows.SelectMany(r => Padded(r.InputIds, 0))], rows.Length, [.. rows.SelectMany(r => Padded(r.Labels!, -100))]);
    }

    [Theory]
    [MemberData(nameof(FamilyGoldenTests.Cases), MemberType = typeof(FamilyGoldenTests))]
    public void Five_steps_equal_those_of_the_transformers_trainer(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var facts = JsonFile.ReadObject(Path.Combine(folder, "golden.json"));
        var settings = facts["train"]!;
        int[] ids = GoldenTensors.Ints(golden, "train.input_ids"), labels = GoldenTensors.Ints(golden, "train.labels");
        var options = new TrainingSection(
            (double)settings["lr"]!, MaxSteps: (int)settings["total"]!, Schedule: Enum.Parse<Schedule>((string)settings["schedule"]!, ignoreCase: true), WarmupSteps: (int)settings["warmup"]!, WeightDecay: (double)settings["weight_decay"]!, DecayVectors: (string)settings["decay"]! == "all",
            Beta1: (double)settings["betas"]![0]!, Beta2: (double)settings["betas"]![1]!, Epsilon: (double)settings["eps"]!, MaxGradNorm: (double)settings["clip"]!);
        using var model = Decoder.Load(folder, training: true);
        var batches = Enumerable.Range(0, 5).Select(i => (IReadOnlyList<TokenBatch>)[new TokenBatch(ids[(i * 24)..(i * 24 + 24)], 2, labels[(i * 24)..(i * 24 + 24)])]);
        var log = new List<JsonObject>();
        var result = new Trainer(model, options, []).Train(batches, (int)settings["total"]!, null, log.Add, TestContext.Current.CancellationToken);
        Assert.Equal((5, "the data ended"), (result.Steps, result.Stopped));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((double)settings["losses"]![i]!, (double)log[i]["loss"]!, 1e-4);
            double norm = (double)settings["grad_norms"]![i]!;
            Assert.Equal(norm, (double)log[i]["grad_norm"]!, 1e-4 * norm);
            Assert.Equal((double)settings["learning_rates"]![i]!, (double)log[i]["learning_rate"]!, 1e-12);
        }

        double tolerance = Math.Max(2e-5, 10 * (double)facts["float32_noise"]!["after"]!);
        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                if (golden.Entries.ContainsKey("after." + name))
                {
                    GoldenTensors.Close(GoldenTensors.Floats(golden, "after." + name), view.ToArray<float>(), tolerance, name);
                }

                double norm = Math.Sqrt(view.SquareSum());
                Assert.Equal((double)facts["after"]![name]!["norm"]!, norm, tolerance * Math.Sqrt(view.Count));
            }
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    [InlineData(2)]
    [InlineData(1)]
    public void A1_accumulated_gradients_equal_those_of_one_batch(int perMicroBatch)
    {
        string folder = Shared.Path("golden", "optim", "accumulation");
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var facts = JsonFile.ReadObject(Path.Combine(folder, "golden.json"))["8x1"]!;
        var micro = MicroBatches(Path.Combine(folder, "rows.jsonl"), 0, 8, perMicroBatch);
        using var model = Decoder.Load(Path.Combine(folder, "model"), training: true);
        int targets = micro.Sum(batch => batch.TargetCount);
        Assert.Equal((int)facts["num_items_in_batch"]!, targets);
        double loss = micro.Sum(batch => model.Backward(batch, 1.0 / targets).TotalLoss) / targets;
        model.Weights.CompleteGradients();
        Assert.Equal((double)facts["loss"]!, loss, 1e-5);
        Assert.Equal((double)facts["grad_norm"]!, Math.Sqrt(model.Weights.Grad!.SquareSum()), 1e-5);
        foreach (var (name, view) in model.Weights.Views(model.Weights.Grad))
        {
            using (view)
            {
                float[] expected = GoldenTensors.Floats(golden, "grad." + name);
                GoldenTensors.Close(expected, view.ToArray<float>(), 2e-6 * Math.Max(1, expected.Max(Math.Abs)), name);
            }
        }
    }

    [Fact]
    public void A_run_of_three_accumulated_steps_equals_that_of_the_trainer()
    {
        string folder = Shared.Path("golden", "optim", "accumulation");
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var facts = JsonFile.ReadObject(Path.Combine(folder, "golden.json"))["run of three steps"]!;
        using var model = Decoder.Load(Path.Combine(folder, "model"), training: true);
        var options = new TrainingSection(0.005, MaxSteps: 3, Schedule: Schedule.Linear, WarmupSteps: 1, WeightDecay: 0.1, Beta2: 0.99);
        var steps = new[] { (0, 4), (4, 8), (8, 11) }.Select(range => MicroBatches(Path.Combine(folder, "rows.jsonl"), range.Item1, range.Item2, 2));
        var log = new List<JsonObject>();
        new Trainer(model, options, []).Train(steps, 3, null, log.Add, TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((double)facts["log"]![i]!["loss"]!, (double)log[i]["loss"]!, 1e-5);
            Assert.Equal((double)facts["log"]![i]!["grad_norm"]!, (double)log[i]["grad_norm"]!, 2e-5);
        }

        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                GoldenTensors.Close(GoldenTensors.Floats(golden, "after." + name), view.ToArray<float>(), 2e-5, name);
            }
        }
    }

    [Fact]
    public void A1_sixteen_rows_give_one_gradient_as_1x16_4x4_and_16x1()
    {
        TokenBatch[] rows = [.. Enumerable.Range(0, 16).Select(i => Row(4 + i * 5 % 13, i))];
        int targets = rows.Sum(row => row.TargetCount);
        float[]? expected = null;
        foreach (int size in (int[])[16, 4, 1])
        {
            using var model = Decoder.Create(Tiny, 3, training: true);
            foreach (var chunk in rows.Chunk(size))
            {
                model.Backward(Join(chunk), 1.0 / targets);
            }

            float[] gradient = model.Weights.Grad!.ToArray<float>();
            GoldenTensors.Close(expected ??= gradient, gradient, 2e-6, $"micro-batches of {size}");
        }
    }

    [Fact]
    public void A8_a_tied_head_and_embedding_are_one_tensor_after_ten_steps()
    {
        using var model = Decoder.Create(Tiny, 0, training: true);
        Train(model, 10);
        Assert.DoesNotContain(model.Weights.Names, pair => pair.Name == "lm_head.weight");
    }

    [Fact]
    public void A9_the_same_seed_gives_the_same_bits_and_seed_zero_is_a_seed()
    {
        float[] Trained(ulong seed)
        {
            using var model = Decoder.Create(Tiny, seed, training: true);
            Train(model, 5);
            return model.Weights.Master.ToArray<float>();
        }

        Assert.Equal(Trained(0), Trained(0));
        Assert.NotEqual(Trained(0), Trained(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void E1_E3_C2_a_non_finite_step_stops_the_run_and_reaches_neither_weights_nor_average(bool inGradient)
    {
        using var model = Decoder.Create(Tiny, 0, training: true);
        using var ema = new WeightEma(model.Weights, new EmaSection(Decay: 0.5));
        float[]? weights = null, average = null;
        using var poison = new Poison(model, inGradient, () => (weights, average) = (model.Weights.Master.ToArray<float>(), ema.Average.ToArray<float>()));
        var steps = Enumerable.Repeat<IReadOnlyList<TokenBatch>>([Row(9, 1)], 5);
        var fault = Assert.Throws<RunException>(() => new Trainer(model, new TrainingSection(0.01, MaxSteps: 5), [poison]).Train(steps, 5, ema, _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains($"step 3: {(inGradient ? "the gradient" : "the loss")} is not finite", fault.Message);
        Assert.Contains("rows.jsonl:1", fault.Message);
        Assert.Equal(weights, model.Weights.Master.ToArray<float>());
        Assert.Equal(average, ema.Average.ToArray<float>());
    }

    [Fact]
    public void C3_training_weights_are_bit_identical_after_looking_at_the_average()
    {
        using var model = Decoder.Create(Tiny, 0, training: true);
        using var ema = new WeightEma(model.Weights, new EmaSection(Decay: 0.9));
        Train(model, 3, ema);
        float[] before = model.Weights.Master.ToArray<float>(), inside = [];
        new TrainingRun(model, ema, 3).WithDelivered(() => inside = model.Weights.Master.ToArray<float>());
        Assert.Equal(ema.Average.ToArray<float>(), inside);
        Assert.NotEqual(before, inside);
        Assert.Equal(before, model.Weights.Master.ToArray<float>());
    }

    [Fact]
    public void Bfloat16_training_follows_float32()
    {
        double[] Losses(DType dtype)
        {
            using var model = Decoder.Create(Tiny, 0, dtype, training: true);
            return [.. Train(model, 20).Select(metrics => (double)metrics["loss"]!)];
        }

        double[] exact = Losses(DType.F32), half = Losses(DType.BF16);
        Assert.True(exact[^1] < exact[0] - 0.5, $"the loss went from {exact[0]} to {exact[^1]}");
        for (int i = 0; i < exact.Length; i++)
        {
            Assert.Equal(exact[i], half[i], 0.08);
        }
    }

    [Fact]
    public void Every_gradient_agrees_with_finite_differences_in_float64()
    {
        foreach (var config in (DecoderConfig[])[
            Tiny,
            Tiny with { TieWordEmbeddings = false, AttentionBias = true, OutputBias = true, MlpBias = true, PadTokenId = null },
            EveryFeature,
        ])
        {
            using var model = Decoder.Create(config, 5, DType.F64, training: true);
            var batch = Join(Row(9, 1), Row(6, 2, masked: 3), Row(9, 4));
            model.Backward(batch, 1);
            double[] gradient = model.Weights.Grad!.ToArray<double>();
            var weights = model.Weights.Master;
            const double Step = 1e-5;
            int offset = 0;
            foreach (var (name, shape) in model.Weights.Names)
            {
                long count = shape.Aggregate(1L, (a, b) => a * b);
                for (int i = 0; i < count; i += Math.Max(1, (int)count / 17))
                {
                    double kept = weights.Span<double>()[offset + i];
                    double At(double value)
                    {
                        weights.Span<double>()[offset + i] = value;
                        return model.Score(batch).TotalLoss;
                    }

                    double difference = (At(kept + Step) - At(kept - Step)) / (2 * Step);
                    weights.Span<double>()[offset + i] = kept;
                    Assert.True(Math.Abs(difference - gradient[offset + i]) <= 1e-6 * Math.Max(1, Math.Abs(difference)), $"{name}[{i}]: {gradient[offset + i]} against {difference}");
                }

                offset += (int)count;
            }
        }
    }

    internal static List<JsonObject> Train(Decoder model, int steps, WeightEma? ema = null)
    {
        var log = new List<JsonObject>();
        var batches = Enumerable.Range(0, steps).Select(i => (IReadOnlyList<TokenBatch>)[Join(Row(9, i % 3), Row(7, i % 2))]);
        new Trainer(model, new TrainingSection(0.02, MaxSteps: steps), []).Train(batches, steps, ema, log.Add, TestContext.Current.CancellationToken);
        return log;
    }

    private static IReadOnlyList<TokenBatch> MicroBatches(string rows, int from, int to, int perMicroBatch)
    {
        var parsed = File.ReadLines(rows).Take(from..to).Select(line => JsonNode.Parse(line)!).Select(row => new TokenBatch(
            row["input_ids"].Deserialize<int[]>()!, 1, row["labels"].Deserialize<int[]>()!));
        return [.. parsed.Chunk(perMicroBatch).Select(chunk => Join(chunk))];
    }

    // Puts a NaN into the loss or the gradient of step 3.
    private sealed class Poison(Decoder model, bool inGradient, Action atThirdStep) : TrainingHook
    {
        private int _step;

        public override LossResult Backward(TokenBatch batch, double scale, Func<TokenBatch, double, LossResult> pass)
        {
            var result = pass(batch, scale);
            return ++_step == 3 && !inGradient ? result with { LossSum = [double.NaN] } : result;
        }

        public override void Gradients(int step)
        {
            if (step != 3)
            {
                return;
            }

            atThirdStep();
            if (inGradient)
            {
                model.Weights.Grad!.Span<float>()[7] = float.NaN;
            }
        }
    }
}
