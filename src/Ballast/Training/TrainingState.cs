using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Everything that a step changes. With the recipe, the model and the data it decides all that follows, bit for bit on one machine's CPU.</summary>
/// <remarks>
/// There is no generator to store: whatever is drawn is drawn from the seed and a counter (the epoch of <see cref="Cursor"/>). The learning rate is a function of the step.
/// </remarks>
/// <param name="weights">The weights that are trained.</param>
/// <param name="options">The optimizer's constants.</param>
/// <param name="ema">The weight average, or null.</param>
/// <param name="data">Where the steps' rows come from; null where nothing is to be resumed.</param>
public sealed class TrainingState(WeightStore weights, TrainingSection options, WeightEma? ema = null, BatchLoader? data = null) : IDisposable
{
    /// <summary>The weights that are trained: the masters and, in BF16, the values that the model computes with.</summary>
    public WeightStore Weights { get; } = weights;

    /// <summary>The optimizer with its moments.</summary>
    public AdamW Optimizer { get; } =
        new(weights, new AdamWOptions(options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.DecayVectors));

    /// <summary>The weight average, if there is one.</summary>
    public WeightEma? Ema { get; } = ema;

    /// <summary>Optimizer steps made.</summary>
    public int Step { get; private set; }

    /// <summary>Tokens seen, padding included.</summary>
    public long Tokens { get; private set; }

    /// <summary>The learning rate of the last step; the next one's follows from the recipe and the number of steps.</summary>
    public double? LearningRate { get; private set; }

    /// <summary>Where the next step's rows begin.</summary>
    public DataCursor Cursor { get; private set; }

    /// <summary>The metrics of the last step while hooks have still to look at it; null between two steps.</summary>
    public JsonObject? Unmeasured { get; private set; }

    /// <summary>Why training ends before its last step; null while it does not.</summary>
    public string? Stopped { get; internal set; }

    /// <summary>What hooks saved, in their order; null in a run that began afresh.</summary>
    internal JsonArray? Hooks { get; private set; }

    /// <summary>An optimizer step was made.</summary>
    /// <param name="tokens">Tokens of the step.</param>
    /// <param name="metrics">What is known of it before the hooks look.</param>
    internal void Advance(int tokens, JsonObject metrics)
    {
        Step++;
        Tokens += tokens;
        LearningRate = (double)metrics["learning_rate"]!;
        Cursor = data?.Cursor ?? default;
        Unmeasured = metrics;
    }

    /// <summary>The hooks have looked at the last step.</summary>
    /// <param name="stopped">Why the run ends here; null when it goes on.</param>
    internal void Measured(string? stopped) => (Unmeasured, Stopped) = (null, stopped);

    /// <summary>The flat tensors by the file they are stored in, each laid out like the weights.</summary>
    internal IEnumerable<(string File, string Prefix, Tensor Flat)> Tensors()
    {
        yield return ("weights", "", Weights.Master);
        if (!ReferenceEquals(Weights.Value, Weights.Master))
        {
            yield return ("values", "", Weights.Value);
        }

        yield return ("optimizer", "exp_avg.", Optimizer.First);
        yield return ("optimizer", "exp_avg_sq.", Optimizer.Second);
        if (Ema is not null)
        {
            yield return ("average", "", Ema.Average);
        }
    }

    /// <summary>All but the tensors.</summary>
    internal JsonObject ToJson() => new()
    {
        ["step"] = Step,
        ["tokens"] = Tokens,
        ["cursor"] = new JsonObject { ["epoch"] = Cursor.Epoch, ["index"] = Cursor.Index },
        ["learning_rate"] = LearningRate,
        ["optimizer_steps"] = Optimizer.Steps,
        ["ema_updates"] = Ema is null ? null : Step / Ema.Every,
        ["random"] = new JsonObject { ["generator"] = "none: all draws are functions of seed and epoch", ["seed"] = options.Seed, ["epoch"] = Cursor.Epoch },
        ["unmeasured"] = Unmeasured?.DeepClone(),
        ["stopped"] = Stopped,
    };

    /// <summary>Takes over what <see cref="ToJson"/> gave.</summary>
    internal void Restore(JsonObject state, JsonArray hooks)
    {
        Step = (int)state["step"]!;
        Tokens = (long)state["tokens"]!;
        LearningRate = (double?)state["learning_rate"];
        Cursor = new DataCursor((int)state["cursor"]!["epoch"]!, (int)state["cursor"]!["index"]!);
        Optimizer.Steps = (long)state["optimizer_steps"]!;
        Unmeasured = (JsonObject?)state["unmeasured"]?.DeepClone();
        Stopped = (string?)state["stopped"];
        Hooks = hooks;
        data?.Cursor = Cursor;
    }

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();
}
