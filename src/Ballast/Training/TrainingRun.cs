using Ballast.Models;

namespace Ballast.Training;

/// <summary>What hooks may look at: the model in training, its average and the plan.</summary>
/// <param name="Model">The model; its weights change at every step.</param>
/// <param name="Ema">The weight average, if there is one.</param>
/// <param name="Total">Optimizer steps of the run.</param>
public sealed record TrainingRun(Decoder Model, WeightEma? Ema, int Total)
{
    /// <summary>Runs an action on the weights that the run would deliver now: the average where there is one, else the weights themselves.</summary>
    /// <remarks>The training weights are bit-identical afterwards. Memory: one more F32 copy of them while the action runs.</remarks>
    public void WithDelivered(Action action)
    {
        if (Ema is null || Ema.Feedback && Ema.Every == 1)
        {
            action();
            return;
        }

        var weights = Model.Trainable;
        using var kept = weights.Master.To(weights.Master.Device);
        try
        {
            weights.Master.CopyFrom(Ema.Average);
            weights.Publish();
            action();
        }
        finally
        {
            weights.Master.CopyFrom(kept);
            weights.Publish();
        }
    }
}
