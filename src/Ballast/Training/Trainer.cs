using System.Diagnostics;
using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Models;

namespace Ballast.Training;

/// <summary>The training loop, read from top to bottom.</summary>
/// <param name="model">The model, loaded for training.</param>
/// <param name="options">Rate, batch, schedule and limits.</param>
/// <param name="hooks">Guests, in order; for Backward the first is the outermost.</param>
public sealed class Trainer(Decoder model, TrainingSection options, IReadOnlyList<TrainingHook> hooks)
{
    /// <summary>Trains from the model's weights on, as <see cref="Continue"/> does from a state.</summary>
    public TrainingResult Train(IEnumerable<IReadOnlyList<TokenBatch>> batches, int total, WeightEma? ema, Action<JsonObject> log, CancellationToken cancellationToken = default)
    {
        using var state = new TrainingState(model.Trainable, options, ema);
        return Continue(batches, total, state, log, cancellationToken);
    }

    /// <summary>Trains and returns what happened.</summary>
    /// <param name="batches">One list of micro-batches per optimizer step, from the state's next step on.</param>
    /// <param name="total">Optimizer steps of the whole run.</param>
    /// <param name="state">Where training begins, and afterwards where it ended; complete whenever <paramref name="log"/> is called and after an interruption.</param>
    /// <param name="log">Receives the metrics of each step.</param>
    /// <param name="cancellationToken">Ends the run between two passes: a step that was not finished is not made, a measurement that was not finished is made again.</param>
    /// <exception cref="RunException">A loss or a gradient is not finite: the weights are those before that step.</exception>
    /// <exception cref="OperationCanceledException">The run was interrupted.</exception>
    public TrainingResult Continue(IEnumerable<IReadOnlyList<TokenBatch>> batches, int total, TrainingState state, Action<JsonObject> log, CancellationToken cancellationToken = default)
    {
        var schedule = LearningRate.Of(options, total);
        Func<TokenBatch, double, LossResult> pass = model.Backward;
        foreach (var hook in hooks.Reverse())
        {
            var inner = pass;
            pass = (batch, scale) => hook.Backward(batch, scale, inner);
        }

        for (int i = 0; i < hooks.Count; i++)
        {
            hooks[i].Start(new TrainingRun(model, state.Ema, total));
            if (state.Hooks?[i] is JsonObject saved)
            {
                hooks[i].Restore(saved);
            }
        }

        using var source = batches.GetEnumerator();
        while (state.Stopped is null && (state.Step < total || state.Unmeasured is not null))
        {
            if (state.Unmeasured is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!source.MoveNext())
                {
                    state.Stopped = "the data ended";
                    break;
                }

                Step(source.Current, pass, schedule.At(state.Step), state, cancellationToken);
            }

            // An interruption in here leaves the step unmeasured; whoever goes on from the state measures it again.
            var metrics = (JsonObject)state.Unmeasured!.DeepClone();
            string? stopped = null;
            foreach (var hook in hooks)
            {
                string? reason = hook.Updated(state.Step, metrics);
                stopped ??= reason;
            }

            state.Measured(stopped);
            log(metrics);
        }

        foreach (var hook in hooks)
        {
            hook.Finish();
        }

        return new TrainingResult(state.Step, [.. Enumerable.Range(0, state.Step).Select(schedule.At)], state.Tokens, state.Stopped);
    }

    // One optimizer step: next rows, passes, gradient, clipping, update.
    private void Step(IReadOnlyList<TokenBatch> rows, Func<TokenBatch, double, LossResult> pass, double rate, TrainingState state, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        int step = state.Step + 1;
        var micro = hooks.Aggregate(rows, (current, hook) => hook.Next(step, current));

        // The loss of a step is the mean over all of its target tokens, whatever the lengths of its micro-batches.
        int targets = micro.Sum(batch => batch.TargetCount);
        if (targets == 0)
        {
            throw new RunException($"step {step}: no row of this batch has a target token; nothing can be learned from it");
        }

        var weights = state.Weights;
        weights.ForgetGradients();
        using var figures = new StepFigures(targets, options.MaxGradNorm);
        foreach (var batch in micro)
        {
            cancellationToken.ThrowIfCancellationRequested();
            figures.Add(pass(batch, 1.0 / targets));
        }

        weights.CompleteGradients();
        foreach (var hook in hooks)
        {
            hook.Gradients(step);
        }

        // On a CUDA device the host has not waited until here: the update is queued behind the passes, and the figures are looked at afterwards.
        figures.Measure(weights.Grad!);
        state.Optimizer.Step(rate, figures, state.Ema);
        if (!figures.AreFinite)
        {
            throw new RunException(
                $"step {step}: {(double.IsFinite(figures.Loss) ? "the gradient" : "the loss")} is not finite (loss {figures.Loss}, gradient norm {figures.Norm}); the update was not made. Lower learning_rate ({options.LearningRate}) or look at the rows {Rows(micro)}");
        }

        int tokens = micro.Sum(batch => batch.InputIds.Length);
        state.Advance(tokens, new JsonObject
        {
            ["step"] = step,
            ["loss"] = figures.Loss,
            ["grad_norm"] = figures.Norm,
            ["learning_rate"] = rate,
            ["mean_token_accuracy"] = figures.Correct / targets,
            ["num_tokens"] = state.Tokens + tokens,
            ["tokens_per_second"] = tokens / Stopwatch.GetElapsedTime(began).TotalSeconds,
        });
    }

    private static string Rows(IReadOnlyList<TokenBatch> batches) => string.Join(", ", batches.SelectMany(batch => batch.Sources ?? ["of this batch"]));
}

/// <summary>What a training run did.</summary>
/// <param name="Steps">Optimizer steps made.</param>
/// <param name="LearningRates">The rate of each.</param>
/// <param name="Tokens">Tokens seen, padding included.</param>
/// <param name="Stopped">Why it ended before its last step; null when it did not.</param>
public sealed record TrainingResult(int Steps, IReadOnlyList<double> LearningRates, long Tokens, string? Stopped);
