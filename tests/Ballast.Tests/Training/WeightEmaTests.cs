using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>The three rules of the weight average, worked out by hand on 2 x 2 weights and compared with PyTorch's AveragedModel.</summary>
public class WeightEmaTests
{
    // Weights 2 x 2 that start at 0. AdamW with betas 0 and epsilon 0 moves every weight by -rate * sign(gradient), so a gradient of -1 adds the rate.
    private sealed class Walk : IDisposable
    {
        public Walk(EmaSection? options, DType dtype = DType.F32)
        {
            Matrix = new Weight(2, ("w", 2));
            Weights = new WeightStore([Matrix], dtype, Device.Cpu, training: true);
            Weights.Master.Fill(0);
            Ema = options is null ? null : new WeightEma(Weights, options);
            Optimizer = new AdamW(Weights, new AdamWOptions(0, 0, 0));
        }

        public Weight Matrix { get; }

        public WeightStore Weights { get; }

        public WeightEma? Ema { get; }

        public AdamW Optimizer { get; }

        public float Value => Weights.Master.ToArray<float>()[3];

        public float Average => Ema!.Average.ToArray<float>()[3];

        public void Step(double rate = 1)
        {
            Weights.Grad!.Fill(-1);
            Optimizer.Step(rate, 1, Ema);
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            Ema?.Dispose();
            Weights.Dispose();
        }
    }

    [Fact]
    public void Shadow_only_watches()
    {
        // weights 1, 2, 3; average 0.5*0+0.5*1 = 0.5; 0.25+1 = 1.25; 0.625+1.5 = 2.125
        using var walk = new Walk(new EmaSection(EmaMode.Shadow, 0.5));
        (float, float)[] expected = [(1, 0.5f), (2, 1.25f), (3, 2.125f)];
        foreach (var pair in expected)
        {
            walk.Step();
            Assert.Equal(pair, (walk.Value, walk.Average));
        }
    }

    [Fact]
    public void Feedback_continues_from_the_average()
    {
        // proposals 1, 1.5, 2; averages 0.5, 1, 1.5: the rate times (1 - decay)
        using var walk = new Walk(new EmaSection(EmaMode.Feedback, 0.5));
        foreach (float expected in (float[])[0.5f, 1, 1.5f])
        {
            walk.Step();
            Assert.Equal((expected, expected), (walk.Value, walk.Average));
        }
    }

    [Fact]
    public void Every_k_mixes_after_k_inner_steps()
    {
        // inner 1, 2 -> mixed 0.25*0 + 0.75*2 = 1.5; inner 2.5, 3.5 -> 0.375 + 2.625 = 3
        using var walk = new Walk(new EmaSection(EmaMode.EveryK, 0.25, Every: 2));
        (float, float)[] expected = [(1, 0), (1.5f, 1.5f), (2.5f, 1.5f), (3, 3)];
        foreach (var pair in expected)
        {
            walk.Step();
            Assert.Equal(pair, (walk.Value, walk.Average));
        }
    }

    [Fact]
    public void Feedback_equals_a_learning_rate_times_one_minus_decay()
    {
        using Walk feedback = new(new EmaSection(EmaMode.Feedback, 0.9)), scaled = new(null);
        for (int step = 1; step <= 50; step++)
        {
            feedback.Step(0.01 * step);
            scaled.Step(0.01 * step * 0.1);
        }

        Assert.Equal(scaled.Value, feedback.Value, 1e-5);
    }

    [Fact]
    public void C1_the_average_lies_between_its_old_value_and_the_weight()
    {
        using var walk = new Walk(new EmaSection(EmaMode.Shadow, 0.995));
        for (int step = 1; step <= 20; step++)
        {
            float before = walk.Average;
            walk.Step(step % 3 - 1);
            Assert.InRange(walk.Average, Math.Min(before, walk.Value), Math.Max(before, walk.Value));
        }
    }

    [Theory]
    [InlineData(0.99, 1)]
    [InlineData(0.999, 1)]
    [InlineData(0.9, 5)]
    public void C8_the_share_kept_is_the_decay_at_every_update(double decay, int every)
    {
        using var walk = new Walk(new EmaSection(EmaMode.Shadow, decay, Every: every));
        Assert.Equal(0, walk.Average);  // before the first step it is the start itself
        for (int step = 1; step <= 1000 * every; step++)
        {
            float before = walk.Average;
            walk.Step();
            if (step % every != 0)
            {
                Assert.Equal(before, walk.Average);
            }
            else if (step / every is 1 or 2 or 10 or 1000)
            {
                Assert.Equal(decay, (walk.Average - walk.Value) / (double)(before - walk.Value), 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(25, 0.99, 0.120)]
    [InlineData(117, 0.99, 0.415)]
    [InlineData(350, 0.995, 0.530)]
    [InlineData(3000, 0.999, 0.684)]
    public void C7_predicted_lambda_of_equal_steps_follows_the_closed_form(int steps, double decay, double expected)
    {
        using var walk = new Walk(new EmaSection(EmaMode.Shadow, decay));
        Assert.Equal(expected, walk.Ema!.PredictedLambda([.. Enumerable.Repeat(1.0, steps)]), 6e-4);
        for (int step = 0; step < steps; step++)
        {
            walk.Step();
        }

        Assert.Equal(expected, walk.Average / walk.Value, 6e-4);
    }

    [Fact]
    public void C7_predicted_lambda_of_a_linear_schedule()
    {
        // core.md A.6: T 117, decay .99, linear to 0: .526
        using var walk = new Walk(new EmaSection(EmaMode.Shadow, 0.99));
        var schedule = new LearningRate(1, Schedule.Linear, 0, 117);
        Assert.Equal(0.526, walk.Ema!.PredictedLambda([.. Enumerable.Range(0, 117).Select(schedule.At)]), 6e-4);
    }

    [Fact]
    public void A_half_life_is_given_in_optimizer_steps() =>
        Assert.Equal(0.5, Math.Pow(new EmaSection(HalfLife: 12, Every: 3).DecayPerUpdate(), 4), 1e-12);

    [Theory]
    [InlineData("0.9")]
    [InlineData("0.995")]
    [InlineData("0.9999")]
    public void Averages_equal_those_of_torch_started_at_the_first_weights(string decay)
    {
        using var golden = SafetensorsFile.Open(Shared.Path("golden", "optim", "averages.safetensors"));
        float[] path = GoldenTensors.Floats(golden, "path"), expected = GoldenTensors.Floats(golden, $"torch.multi_avg_fn.{decay}.from_start");
        using var average = Tensor.From<float>(GoldenTensors.Floats(golden, "start"), 7);
        for (int step = 0; step < 20; step++)
        {
            Update(average, path.AsSpan(step * 7, 7), double.Parse(decay));
            GoldenTensors.Close(expected.AsSpan(step * 7, 7), average.Span<float>(), 2e-6, $"step {step}");
        }
    }

    [Theory]
    [InlineData("0.9")]
    [InlineData("0.995")]
    public void C5_a_float32_average_of_bfloat16_weights_keeps_moving(string decay)
    {
        using var golden = SafetensorsFile.Open(Shared.Path("golden", "optim", "bf16-shadow.safetensors"));
        var facts = JsonFile.ReadObject(Shared.Path("golden", "optim", "bf16-shadow.json"))["decays"]![decay]!;
        using var start = Tensor.From<float>(GoldenTensors.Floats(golden, "start"), 1024);
        using var end = Tensor.From<float>(GoldenTensors.Floats(golden, "end"), 1024);
        using var average = start.To(Device.Cpu);
        float[] from = start.ToArray<float>(), to = end.ToArray<float>();
        for (int step = 1; step <= 600; step++)
        {
            var here = new float[1024];
            for (int i = 0; i < here.Length; i++)
            {
                here[i] = from[i] + (to[i] - from[i]) * (step / 600f);
            }

            using var exact = Tensor.From<float>(here, 1024);
            using var rounded = exact.To(Device.Cpu, DType.BF16);
            Update(average, rounded.ToArray<float>(), double.Parse(decay));
        }

        average.Add(start, -1);
        end.Add(start, -1);
        Assert.Equal((double)facts["float32"]!["effective_lambda"]!, average.Dot(end) / end.Dot(end), 1e-4);
    }

    // One update of the average by the optimizer's kernel: a rate of 0 leaves the weights as they are.
    private static void Update(Tensor average, ReadOnlySpan<float> weights, double decay)
    {
        using var scope = new TensorScope();
        var weight = scope.Keep(Tensor.From(weights, weights.Length));
        Tensor Zero() => scope.Keep(Tensor.Zeros(DType.F32, Device.Cpu, weight.Count));
        Ops.AdamW(weight, Zero(), Zero(), Zero(), average, null, new AdamWStep(0, 0.9, 0.999, 1e-8, 0, 1, 1, decay));
    }
}
