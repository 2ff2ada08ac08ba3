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
    /// <summary>Trains and returns what happened.</summary>
    /// <param name="batches">One list of micro-batches per optimizer step, from the first step on.</param>
    /// <param name="total">Optimizer steps.</param>
    /// <param name="ema">The weight average, or null.</param>
    /// <param name="log">Receives the metrics of each step.</param>
    /// <param name="cancellationToken">Ends the run after the step in progress; the weights stay usable.</param>
    /// <exception cref="RunException">A loss or a gradient is not finite: the weights are those before that step.</exception>
    public TrainingResult Train(IEnumerable<IReadOnlyList<TokenBatch>> batches, int total, WeightEma? ema, Action<JsonObject> log, CancellationToken cancellationToken = default)
    {
        var weights = model.Weights;
        var schedule = LearningRate.Of(options, total);
        var rates = new List<double>(total);
        long tokensSeen = 0;
        string? stopped = null;
        using var optimizer = new AdamW(weights, new AdamWOptions(options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.DecayVectors));
        Func<TokenBatch, double, LossResult> pass = model.Backward;
        foreach (var hook in hooks.Reverse())
        {
            var inner = pass;
            pass = (batch, scale) => hook.Backward(batch, scale, inner);
        }

        foreach (var hook in hooks)
        {
            hook.Start(new TrainingRun(model, ema, total));
        }

        using var source = batches.GetEnumerator();
        for (int step = 1; step <= total && stopped is null; step++)
        {
            if (cancellationToken.IsCancellationRequested || !source.MoveNext())
            {
                stopped = cancellationToken.IsCancellationRequested ? "interrupted" : "the data ended";
                break;
            }

            long began = Stopwatch.GetTimestamp();
            var micro = hooks.Aggregate(source.Current, (current, hook) => hook.Next(step, current));

            // The loss of a step is the mean over all of its target tokens, whatever the lengths of its micro-batches.
            int targets = micro.Sum(batch => batch.TargetCount);
            if (targets == 0)
            {
                throw new RunException($"step {step}: no row of this batch has a target token; nothing can be learned from it");
            }

            weights.ForgetGradients();
            double loss = 0;
            int correct = 0;
            foreach (var batch in micro)
            {
                var result = pass(batch, 1.0 / targets);
                loss += result.TotalLoss / targets;
                correct += result.TotalCorrect;
                tokensSeen += batch.InputIds.Length;
            }

            weights.CompleteGradients();
            foreach (var hook in hooks)
            {
                hook.Gradients(step);
            }

            double norm = Math.Sqrt(weights.Grad!.SquareSum());
            if (!double.IsFinite(loss) || !double.IsFinite(norm))
            {
                throw new RunException(
                    $"step {step}: {(double.IsFinite(loss) ? "the gradient" : "the loss")} is not finite (loss {loss}, gradient norm {norm}); the update was not made. Lower learning_rate ({options.LearningRate}) or look at the rows {Rows(micro)}");
            }

            double clip = options.MaxGradNorm is { } limit ? Math.Min(1, limit / (norm + 1e-6)) : 1;
            double rate = schedule.At(step - 1);
            optimizer.Step(rate, clip, ema);
            rates.Add(rate);

            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var metrics = new JsonObject
            {
                ["step"] = step,
                ["loss"] = loss,
                ["grad_norm"] = norm,
                ["learning_rate"] = rate,
                ["mean_token_accuracy"] = (double)correct / targets,
                ["num_tokens"] = tokensSeen,
                ["tokens_per_second"] = micro.Sum(batch => batch.InputIds.Length) / seconds,
            };
            foreach (var hook in hooks)
            {
                stopped ??= hook.Updated(step, metrics);
            }

            log(metrics);
        }

        foreach (var hook in hooks)
        {
            hook.Finish();
        }

        return new TrainingResult(rates.Count, rates, tokensSeen, stopped);
    }

    private static string Rows(IReadOnlyList<TokenBatch> batches) => string.Join(", ", batches.SelectMany(batch => batch.Sources ?? ["of this batch"]));
}

/// <summary>What a training run did.</summary>
/// <param name="Steps">Optimizer steps made.</param>
/// <param name="LearningRates">The rate of each.</param>
/// <param name="Tokens">Tokens seen, padding included.</param>
/// <param name="Stopped">Why it ended before its last step; null when it did not.</param>
public sealed record TrainingResult(int Steps, IReadOnlyList<double> LearningRates, long Tokens, string? Stopped);
