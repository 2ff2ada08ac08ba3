using System.Text.Json.Nodes;
using Ballast.Models;

namespace Ballast.Training;

/// <summary>A guest in the training loop with the state of one run; every member does nothing unless overridden. Probes and defenses are hooks.</summary>
public abstract class TrainingHook : IDisposable
{
    /// <summary>Before the first step.</summary>
    public virtual void Start(TrainingRun run)
    {
    }

    /// <summary>Which micro-batches this step sees.</summary>
    /// <param name="step">Optimizer step, from 1.</param>
    /// <param name="batches">What the data gave.</param>
    public virtual IReadOnlyList<TokenBatch> Next(int step, IReadOnlyList<TokenBatch> batches) => batches;

    /// <summary>Around the forward and backward pass of one micro-batch: more passes, other losses, perturbed weights and back.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="scale">Factor on the summed loss.</param>
    /// <param name="pass">Runs the pass of the hooks after this one, at last the model's own.</param>
    public virtual LossResult Backward(TokenBatch batch, double scale, Func<TokenBatch, double, LossResult> pass) => pass(batch, scale);

    /// <summary>After all micro-batches of a step, before clipping: the gradients may be changed.</summary>
    public virtual void Gradients(int step)
    {
    }

    /// <summary>After the optimizer step. Called again for the same step when a run goes on from an interruption in the midst of it.</summary>
    /// <param name="step">Optimizer step, from 1.</param>
    /// <param name="metrics">The step's metrics; a hook may add its own.</param>
    /// <returns>Null to go on, or why the run ends here.</returns>
    public virtual string? Updated(int step, JsonObject metrics) => null;

    /// <summary>After the last step.</summary>
    public virtual void Finish()
    {
    }

    /// <summary>What the hook needs to go on from here as if the run had never stopped; null: nothing.</summary>
    public virtual JsonObject? Save() => null;

    /// <summary>Takes over, after <see cref="Start"/>, what <see cref="Save"/> gave.</summary>
    public virtual void Restore(JsonObject state)
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
