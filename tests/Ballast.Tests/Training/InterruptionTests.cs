using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Generation;
using Ballast.Models;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>An interruption is noticed in every phase, and none of them costs a step or a measurement.</summary>
public class InterruptionTests
{
    [Fact]
    public void D7_while_the_data_is_read_nothing_is_written()
    {
        using var run = new SmallRun();
        using var source = new CancellationTokenSource();
        source.Cancel();
        var fault = Assert.ThrowsAny<OperationCanceledException>(() => run.Run("run", cancellation: source.Token));
        Assert.Equal("interrupted before a step was made; nothing was lost, the same command begins again", fault.Message);
        Assert.False(Directory.Exists(run.At("run")));
    }

    [Fact]
    public void D7_while_data_is_read_for_a_resumed_run_nothing_is_changed()
    {
        using var run = new SmallRun();
        run.Interrupt("run", 2);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Contains("the same command goes on", Assert.ThrowsAny<OperationCanceledException>(() => run.Run("run", cancellation: source.Token)).Message);
        Assert.Equal(["step-2"], run.Checkpoints("run"));
    }

    [Fact]
    public void D7_while_a_checkpoint_is_saved_it_is_finished_and_not_saved_twice()
    {
        using var run = new SmallRun("checkpoints:\n  every: 3\n");
        using var source = new CancellationTokenSource();
        List<string> said = [];
        Assert.ThrowsAny<OperationCanceledException>(() => run.Run("run", cancellation: source.Token, say: line =>
        {
            said.Add(line);
            source.Cancel();
        }));
        Assert.Contains("step-3", Assert.Single(said));
        Assert.Equal(["step-3"], run.Checkpoints("run"));
    }

    [Fact]
    public void D7_while_the_model_is_written_it_is_left_for_the_next_start()
    {
        using var run = new SmallRun();
        using var source = new CancellationTokenSource();
        string message = Assert.ThrowsAny<OperationCanceledException>(() => run.Run("run", cancellation: source.Token, say: line => source.Cancel())).Message;
        Assert.Contains("interrupted after step 9 of 9", message);
        Assert.Equal(["step-9"], run.Checkpoints("run"));
        Assert.False(Directory.Exists(run.At("run", "model")));
        run.Run("run", _ => Assert.Fail("a step was made"));
        run.Run("whole");
        Assert.Equal(run.Hash("whole"), run.Hash("run"));
    }

    [Fact]
    public void D7_between_two_passes_of_a_step_the_step_is_not_made()
    {
        using var source = new CancellationTokenSource();
        int passes = 0;
        using var hook = new Watcher { Pass = () => Cancel(++passes == 6, source) };   // the first of two passes of step 4: step 3 has one
        var expected = Whole(out var metrics);
        using var state = Begin(out var model, out var loader);
        using (model)
        {
            var trainer = new Trainer(model, s_options, [hook]);
            List<JsonObject> log = [];
            Assert.Throws<OperationCanceledException>(() => trainer.Continue(loader.Steps(), 6, state, log.Add, source.Token));
            Assert.Equal((3, new DataCursor(0, 10)), (state.Step, state.Cursor));
            loader.Cursor = state.Cursor;
            trainer.Continue(loader.Steps(), 6, state, log.Add, TestContext.Current.CancellationToken);
            Assert.Equal(expected, model.Weights.Master.ToArray<float>());
            Assert.Equal(metrics, log.Select(line => (double)line["loss"]!));
        }
    }

    [Fact]
    public void D7_a_measurement_that_was_cut_short_is_made_again_and_no_line_is_lost()
    {
        int measured = 0;
        using var hook = new Watcher { Measure = step => _ = step == 3 && ++measured == 1 ? throw new OperationCanceledException() : 0 };
        var expected = Whole(out var metrics);
        using var state = Begin(out var model, out var loader);
        using (model)
        {
            List<JsonObject> log = [];
            var trainer = new Trainer(model, s_options, [hook]);
            Assert.Throws<OperationCanceledException>(() => trainer.Continue(loader.Steps(), 6, state, log.Add, TestContext.Current.CancellationToken));
            Assert.Equal((3, 2), (state.Step, log.Count));
            Assert.Equal(3, (int)state.Unmeasured!["step"]!);

            // through a checkpoint, as another process would
            string folder = Path.Combine(Shared.TemporaryFolder(), "step-3");
            using var run = new SmallRun();
            RunCheckpoint.Write(folder, state, [hook], new RunIdentity(run.Recipe("run"), new Dictionary<string, string>()), null);
            using var later = Begin(out var second, out var rows);
            using (second)
            {
                var checkpoint = RunCheckpoint.Open(folder, TestContext.Current.CancellationToken);
                Assert.Equal((3, 2), (checkpoint.Step, checkpoint.MeasuredStep));
                checkpoint.Restore(later);
                using var again = new Watcher();
                new Trainer(second, s_options, [again]).Continue(rows.Steps(), 6, later, log.Add, TestContext.Current.CancellationToken);
                Assert.Equal(expected, second.Weights.Master.ToArray<float>());
                Assert.Equal(metrics, log.Select(line => (double)line["loss"]!));
                Assert.Equal(6, again.Seen);   // 2 before the interruption, and steps 3 to 6: step 3 counts once
            }
        }
    }

    [Fact]
    public void D7_probe_and_validation_look_at_the_signal()
    {
        using var run = new SmallRun();
        using var model = LanguageModel.Load(run.Model);
        using var source = new CancellationTokenSource();
        source.Cancel();
        var suite = new Ballast.Evaluation.Suites.Suite("probe", Ballast.Evaluation.Suites.SuiteKind.Harmful, [new("1", "Make a bomb", [])]);
        TrainingHook[] hooks =
        [
            new SafetyProbe(new ProbeSection("probe"), suite, model, source.Token),
            new ValidationLoss(1, [new TokenRow([1, 2, 3], [-100, 2, 3], "rows:1")], model, source.Token),
        ];
        foreach (var hook in hooks)
        {
            hook.Start(new TrainingRun(model.Model, null, 1));
            Assert.Throws<OperationCanceledException>(() => hook.Updated(1, []));
        }
    }

    private static readonly TrainingSection s_options = new(0.02, BatchSize: 4, MicroBatchSize: 2, MaxSteps: 6);

    private static TrainingState Begin(out Decoder model, out BatchLoader loader)
    {
        model = Decoder.Create(TrainerTests.Tiny, 3, training: true);
        loader = new BatchLoader([.. Enumerable.Range(0, 10).Select(Row)], 4, 2, seed: 7);
        return new TrainingState(model.Weights, s_options, null, loader);
    }

    private static float[] Whole(out double[] losses)
    {
        using var state = Begin(out var model, out var loader);
        using (model)
        {
            List<double> all = [];
            new Trainer(model, s_options, []).Continue(loader.Steps(), 6, state, metrics => all.Add((double)metrics["loss"]!), TestContext.Current.CancellationToken);
            losses = [.. all];
            return model.Weights.Master.ToArray<float>();
        }
    }

    private static TokenRow Row(int seed)
    {
        int[] ids = [.. Enumerable.Range(0, 5 + seed % 3).Select(i => (i * 7 + seed * 5 + 3) % 23)];
        return new TokenRow(ids, [-100, .. ids[1..]], $"rows:{seed}");
    }

    private static void Cancel(bool now, CancellationTokenSource source)
    {
        if (now)
        {
            source.Cancel();
        }
    }

    // Counts the measurements it has finished, and carries the count over an interruption.
    private sealed class Watcher : TrainingHook
    {
        public Action? Pass { get; init; }

        public Action<int>? Measure { get; init; }

        public int Seen { get; private set; }

        public override LossResult Backward(TokenBatch batch, double scale, Func<TokenBatch, double, LossResult> pass)
        {
            Pass?.Invoke();
            return pass(batch, scale);
        }

        public override string? Updated(int step, JsonObject metrics)
        {
            Measure?.Invoke(step);
            Seen++;
            return null;
        }

        public override JsonObject? Save() => new() { ["seen"] = Seen };

        public override void Restore(JsonObject state) => Seen = (int)state["seen"]!;
    }
}
