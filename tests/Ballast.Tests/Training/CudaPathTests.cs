using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>A training step on the path of a CUDA device, run on the CPU: what it computes, and that the host looks at the device once.</summary>
public class CudaPathTests
{
    public static TheoryData<string> Models => ["llama", "every feature", "bfloat16", "float64", "lora"];

    private static Decoder Model(string kind)
    {
        var model = Decoder.Create(kind == "every feature" ? TrainerTests.EveryFeature : TrainerTests.Tiny, 3, kind switch { "bfloat16" => DType.BF16, "float64" => DType.F64, _ => DType.F32 }, training: kind != "lora");
        if (kind == "lora")
        {
            Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(null, "all-linear"), Rank = 4, UseDora = true, Dropout = 0.3 }, seed: 5);
            model.Adapter!.Dropout.Key = 7;
        }

        return model;
    }

    // Two sequences of nine places; the second batch holds two rows in each, one behind the other.
    private static IReadOnlyList<TokenBatch> Micro(int step)
    {
        int[] ids = [.. Enumerable.Range(0, 18).Select(i => (i * 7 + step * 5 + 3) % 23)], labels = [.. ids.Select((id, i) => i % 4 == 0 ? -100 : id)];
        int[] places = [.. Enumerable.Range(0, 18).Select(i => i % 9)];
        return
        [
            new TokenBatch(ids, 2, labels, Sources: ["rows.jsonl:1"]),
            new TokenBatch(ids, 2, labels, [.. places.Select(place => place < 4 ? place : place - 4)], [.. places.Select(place => place < 4 ? 0 : 4)]),
            new TokenBatch(ids[..9], 1, labels[..9]),
        ];
    }

    private static (List<JsonObject> Log, float[] Weights, float[] Average) Run(string kind, EmaMode mode, double? clip, params TrainingHook[] hooks)
    {
        using var model = Model(kind);
        using var ema = new WeightEma(model.Trainable, new EmaSection(mode, 0.8, Every: mode is EmaMode.EveryK ? 2 : 1));
        var log = new List<JsonObject>();
        new Trainer(model, new TrainingSection(0.01, MaxSteps: 5, WeightDecay: 0.1, MaxGradNorm: clip), hooks).Train(
            Enumerable.Range(0, 5).Select(Micro), 5, ema, log.Add, TestContext.Current.CancellationToken);
        return (log, model.Trainable.Master.ToArray<float>(), ema.Average.ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Steps_equal_those_of_the_cpu(string kind)
    {
        foreach (var mode in Enum.GetValues<EmaMode>())
        {
            foreach (double? clip in (double?[])[null, 0.05, 1e6])
            {
                (List<JsonObject> Log, float[] Weights, float[] Average) host = ([], [], []), device = host;
                void OnHost() => host = Run(kind, mode, clip);
                if (kind == "bfloat16")
                {
                    Ops.Plain(OnHost);  // the same roundings of every product
                }
                else
                {
                    OnHost();
                }

                Ops.AsOnCuda(() => device = Run(kind, mode, clip));
                const double Tolerance = 2e-4;
                for (int i = 0; i < host.Log.Count; i++)
                {
                    foreach (string figure in (string[])["loss", "grad_norm", "mean_token_accuracy"])
                    {
                        double expected = (double)host.Log[i][figure]!;
                        double difference = Math.Abs(expected - (double)device.Log[i][figure]!);
                        Assert.True(difference <= Tolerance * Math.Max(1, Math.Abs(expected)), $"{mode}, clip {clip}, step {i + 1}: {figure} is {expected}, on the path of CUDA {device.Log[i][figure]}");
                    }
                }

                GoldenTensors.Close(host.Weights, device.Weights, Tolerance, $"weights, {mode}, clip {clip}");
                GoldenTensors.Close(host.Average, device.Average, Tolerance, $"average, {mode}, clip {clip}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void C9_the_host_looks_at_the_device_once_in_a_step_with_an_average(string kind)
    {
        using var model = Model(kind);
        using var ema = new WeightEma(model.Trainable, new EmaSection(EmaMode.Shadow, 0.9));
        var reads = new List<long>();
        void Steps(int count) => new Trainer(model, new TrainingSection(0.01, MaxSteps: count), []).Train(
            Enumerable.Range(0, count).Select(Micro), count, ema, _ => { }, TestContext.Current.CancellationToken);
        Ops.AsOnCuda(() => reads.AddRange([Ops.Reads(() => Steps(1)), Ops.Reads(() => Steps(4))]));
        long steps = Ops.Fused(Device.Cpu).AdamW && kind != "float64" ? 2 : 0;  // libtorch's own step asks for the number of the step, for matrices and vectors: on the CPU alone
        Assert.Equal([1 + steps, 4 * (1 + steps)], reads);
        Assert.Equal(3 * (2 * 3 + (kind == "float64" ? 1 : 0)), Ops.Reads(() => Steps(3)));  // the CPU looks at losses and tokens after each of the three passes: waiting costs it nothing
    }

    [Fact]
    public void What_waits_inside_of_libtorch_is_counted()
    {
        using Tensor a = Tensor.Zeros(DType.F64, Device.Cpu, 5), b = Tensor.Zeros(DType.F64, Device.Cpu, 5);
        Assert.Equal(3, Ops.Reads(() => _ = (a.Dot(b), a.SquareSum(), a.ToArray<float>())));
        Assert.Equal(0, Ops.Reads(() => a.Add(b)));
    }

    [Theory]
    [InlineData(false, EmaMode.Shadow)]
    [InlineData(true, EmaMode.Shadow)]
    [InlineData(true, EmaMode.EveryK)]
    public void A_step_that_is_not_finite_changes_nothing(bool inGradient, EmaMode mode)
    {
        using var model = Model("bfloat16");
        using var ema = new WeightEma(model.Weights, new EmaSection(mode, 0.8, Every: mode is EmaMode.EveryK ? 2 : 1));
        var options = new TrainingSection(0.01, MaxSteps: 3);
        using var state = new TrainingState(model.Weights, options, ema);
        Tensor[] all = [model.Weights.Master, model.Weights.Value, ema.Average, state.Optimizer.First, state.Optimizer.Second];
        float[][] before = [], after = [];
        using var poison = new Poison(model, inGradient, () => before = [.. all.Select(tensor => tensor.ToArray<float>())]);
        RunException? fault = null;
        Ops.AsOnCuda(() => fault = Assert.Throws<RunException>(
            () => new Trainer(model, options, [poison]).Continue(Enumerable.Range(0, 3).Select(Micro), 3, state, _ => { }, TestContext.Current.CancellationToken)));
        Assert.Contains($"step 2: {(inGradient ? "the gradient" : "the loss")} is not finite", fault!.Message);
        after = [.. all.Select(tensor => tensor.ToArray<float>())];
        Assert.Equal(before, after);
        Assert.Equal((1, 1L), (state.Step, state.Optimizer.Steps));
    }

    // Puts a NaN into the loss or the gradient of step 2.
    private sealed class Poison(Decoder model, bool inGradient, Action atSecondStep) : TrainingHook
    {
        private int _passes;

        public override LossResult Backward(TokenBatch batch, double scale, Func<TokenBatch, double, LossResult> pass)
        {
            var result = pass(batch, scale);
            return ++_passes == 5 && !inGradient ? result with { LossSum = [double.NaN, 0] } : result;
        }

        public override void Gradients(int step)
        {
            if (step != 2)
            {
                return;
            }

            atSecondStep();
            if (inGradient)
            {
                model.Weights.Grad!.Span<float>()[7] = float.NaN;
            }
        }
    }
}
