using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>The state of a training of adapters goes through a checkpoint without losing a bit: it is taken from what the optimizer works on.</summary>
public class AdapterResumeTests
{
    private static readonly TrainingSection s_options = new(0.02, BatchSize: 4, MicroBatchSize: 2, MaxSteps: 8, WeightDecay: 0.1);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void D1_D4_an_adapter_resumes_bit_for_bit(bool dora, bool half)
    {
        using var whole = new Run(dora, half);
        var losses = whole.Continue(8);
        string folder = Path.Combine(Shared.TemporaryFolder(), "step-5");
        List<double> first;
        using (var before = new Run(dora, half))
        {
            first = before.Continue(5);
            using var recipe = new SmallRun();
            RunCheckpoint.Write(folder, before.State, [], new RunIdentity(recipe.Recipe("run"), new Dictionary<string, string>()), null);
        }

        using var after = new Run(dora, half);
        RunCheckpoint.Open(folder, TestContext.Current.CancellationToken).Restore(after.State);
        Assert.Equal(losses, first.Concat(after.Continue(8)));
        Assert.Equal(whole.State.Weights.Master.ToArray<float>(), after.State.Weights.Master.ToArray<float>());
        Assert.Equal(whole.State.Ema!.Average.ToArray<float>(), after.State.Ema!.Average.ToArray<float>());
        Assert.Equal(whole.State.Weights.Value.ToArray<float>(), after.State.Weights.Value.ToArray<float>());
    }

    private sealed class Run : IDisposable
    {
        private readonly Decoder _model;
        private readonly BatchLoader _loader = new([.. Enumerable.Range(0, 10).Select(Row)], 4, 2, seed: 7);

        public Run(bool dora, bool half)
        {
            _model = Decoder.Create(TrainerTests.Tiny, 3, half ? DType.BF16 : DType.F32);
            var config = new AdapterConfig { Rank = 2, Alpha = 4, UseDora = dora, TargetModules = new ModuleNames(["q_proj", "v_proj", "down_proj"], null) };
            Adapter.Create(_model, config, seed: 5);
            State = new TrainingState(_model.Trainable, s_options, new WeightEma(_model.Trainable, new EmaSection(Decay: 0.7)), _loader);
        }

        public TrainingState State { get; }

        public List<double> Continue(int until)
        {
            List<double> losses = [];
            using var source = new CancellationTokenSource();
            void Log(JsonObject metrics)
            {
                losses.Add((double)metrics["loss"]!);
                if (State.Step == until)
                {
                    source.Cancel();
                }
            }

            var trainer = new Trainer(_model, s_options, []);
            if (until < s_options.MaxSteps)
            {
                Assert.Throws<OperationCanceledException>(() => trainer.Continue(_loader.Steps(), s_options.MaxSteps!.Value, State, Log, source.Token));
            }
            else
            {
                trainer.Continue(_loader.Steps(), until, State, Log, source.Token);
            }

            return losses;
        }

        public void Dispose()
        {
            State.Ema!.Dispose();
            State.Dispose();
            _model.Dispose();
        }

        private static TokenRow Row(int seed)
        {
            int[] ids = [.. Enumerable.Range(0, 5 + seed % 3).Select(i => (i * 7 + seed * 5 + 3) % 23)];
            return new TokenRow(ids, [-100, .. ids[1..]], $"rows:{seed}");
        }
    }
}
