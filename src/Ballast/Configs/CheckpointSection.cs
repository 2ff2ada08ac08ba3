namespace Ballast.Configs;

/// <summary>When the state of a run is saved and how much of it is kept. It is also saved at an interruption, on request (the file <c>save</c>) and after the last step.</summary>
/// <param name="Every">Optimizer steps between two saves, at least 1; null: by the clock alone.</param>
/// <param name="Minutes">Longest time between two saves, above 0; null: never by the clock.</param>
/// <param name="KeepLast">Newest checkpoints that are kept, at least 1; with 2 a damaged one costs little.</param>
/// <param name="KeepBest">Also keep the checkpoint with the lowest value of this measurement; each new lowest value is saved. Null: none.</param>
public sealed record CheckpointSection(int? Every = null, double? Minutes = 10, int KeepLast = 2, BestMetric? KeepBest = null)
{
    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems(Recipe recipe)
    {
        if (Every < 1)
        {
            yield return new("checkpoints.every", $"must be at least 1, or null, got {Every}");
        }

        if (!(Minutes is null or > 0))
        {
            yield return new("checkpoints.minutes", $"must be above 0, or null, got {Minutes}");
        }

        if (KeepLast < 1)
        {
            yield return new("checkpoints.keep_last", $"must be at least 1, got {KeepLast}");
        }

        if (KeepBest is BestMetric.AsrProbe && recipe.Probe is null)
        {
            yield return new("checkpoints.keep_best", "asr_probe is measured by a probe; add the section probe");
        }

        if (KeepBest is BestMetric.EvalLoss && recipe.Data.Validation.Count == 0 && recipe.Data.ValidationShare == 0)
        {
            yield return new("checkpoints.keep_best", "eval_loss is measured on held-out rows; give data.validation or data.validation_share");
        }
    }
}

/// <summary>A measurement during training whose lowest value tells the best checkpoint; named as in metrics.jsonl.</summary>
public enum BestMetric
{
    /// <summary>The loss on the held-out rows.</summary>
    EvalLoss,

    /// <summary>The safety probe's attack success rate; of equal rates the first.</summary>
    AsrProbe,
}
