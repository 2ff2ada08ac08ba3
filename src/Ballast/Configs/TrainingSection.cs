namespace Ballast.Configs;

/// <summary>How the weights are trained: AdamW on the mean loss per target token of each optimizer step.</summary>
/// <param name="LearningRate">Peak learning rate, above 0.</param>
/// <param name="BatchSize">Rows per optimizer step; a multiple of <paramref name="MicroBatchSize"/>.</param>
/// <param name="MicroBatchSize">Rows per forward and backward pass, at least 1.</param>
/// <param name="Epochs">Passes over the training rows, at least 1; absent: 1, unless <paramref name="MaxSteps"/> is given.</param>
/// <param name="MaxSteps">Optimizer steps, at least 1; instead of <paramref name="Epochs"/>.</param>
/// <param name="Schedule">How the learning rate moves after the warm-up.</param>
/// <param name="WarmupSteps">Steps over which the learning rate rises from 0, at least 0.</param>
/// <param name="WarmupRatio">The same as a share of all steps, at least 0 and below 1, rounded up to steps; instead of <paramref name="WarmupSteps"/>.</param>
/// <param name="WeightDecay">Decoupled decay of the weight matrices, at least 0.</param>
/// <param name="Beta1">Decay of the mean of the gradients, at least 0 and below 1.</param>
/// <param name="Beta2">Decay of the mean of their squares, at least 0 and below 1.</param>
/// <param name="Epsilon">Added to the root of the second moment, above 0.</param>
/// <param name="MaxGradNorm">Gradients of a larger global norm are scaled down to it, above 0; null: never.</param>
/// <param name="Precision">Element type of the passes.</param>
/// <param name="Seed">Fixes the order of the rows and the validation split; 0 is a seed like any other.</param>
/// <param name="LogEvery">Steps between two lines of the training log, at least 1.</param>
/// <param name="EvalEvery">Steps between two measurements of the validation loss, at least 1; null: only at the start and the end.</param>
/// <param name="DecayVectors">Whether norms and biases decay too, as in plain torch; not by default, as in transformers' Trainer.</param>
/// <param name="ActivationCheckpointing">Whether layers are computed again in the backward pass instead of being kept: less memory, one more forward pass, the same bits.</param>
public sealed record TrainingSection(
    double LearningRate = 2e-5,
    int BatchSize = 16,
    int MicroBatchSize = 4,
    int? Epochs = null,
    int? MaxSteps = null,
    Schedule Schedule = Schedule.Cosine,
    int WarmupSteps = 0,
    double? WarmupRatio = null,
    double WeightDecay = 0,
    double Beta1 = 0.9,
    double Beta2 = 0.999,
    double Epsilon = 1e-8,
    double? MaxGradNorm = 1,
    Precision Precision = Precision.Auto,
    ulong Seed = 0,
    int LogEvery = 1,
    int? EvalEvery = null,
    bool DecayVectors = false,
    bool ActivationCheckpointing = false)
{
    /// <summary>Passes over the training rows; null when <see cref="MaxSteps"/> rules.</summary>
    public int? Epochs { get; init; } = Epochs ?? (MaxSteps is null ? 1 : null);

    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems() =>
        Rules().Where(rule => !rule.Holds).Select(rule => new ConfigProblem($"training.{rule.Key}", rule.Message));

    private IEnumerable<(bool Holds, string Key, string Message)> Rules()
    {
        yield return (LearningRate > 0, "learning_rate", $"must be above 0, got {LearningRate}");
        yield return (BatchSize >= 1, "batch_size", $"must be at least 1, got {BatchSize}");
        yield return (MicroBatchSize >= 1, "micro_batch_size", $"must be at least 1, got {MicroBatchSize}");
        yield return (MicroBatchSize < 1 || BatchSize % MicroBatchSize == 0, "batch_size",
            $"must be a multiple of micro_batch_size ({MicroBatchSize}), got {BatchSize}");
        yield return (!(Epochs < 1), "epochs", $"must be at least 1, got {Epochs}");
        yield return (!(MaxSteps < 1), "max_steps", $"must be at least 1, got {MaxSteps}");
        yield return (Epochs is null != MaxSteps is null, "max_steps", "exactly one of epochs and max_steps must be given");
        yield return (WarmupSteps >= 0, "warmup_steps", $"must be at least 0, got {WarmupSteps}");
        yield return (WarmupRatio is null or (>= 0 and < 1), "warmup_ratio", $"must be at least 0 and below 1, got {WarmupRatio}");
        yield return (WarmupSteps == 0 || WarmupRatio is null, "warmup_ratio", "is given beside warmup_steps; keep one of the two");
        yield return (WeightDecay >= 0, "weight_decay", $"must be at least 0, got {WeightDecay}");
        yield return (Beta1 is >= 0 and < 1, "beta1", $"must be at least 0 and below 1, got {Beta1}");
        yield return (Beta2 is >= 0 and < 1, "beta2", $"must be at least 0 and below 1, got {Beta2}");
        yield return (Epsilon > 0, "epsilon", $"must be above 0, got {Epsilon}");
        yield return (MaxGradNorm is null or > 0, "max_grad_norm", $"must be above 0, or null for no clipping, got {MaxGradNorm}");
        yield return (LogEvery >= 1, "log_every", $"must be at least 1, got {LogEvery}");
        yield return (!(EvalEvery < 1), "eval_every", $"must be at least 1, or null, got {EvalEvery}");
    }
}
