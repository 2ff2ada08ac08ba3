using System.Text.Json.Nodes;
using Ballast.Data;
using Ballast.Generation;

namespace Ballast.Training;

/// <summary>Logs eval_loss and eval_mean_token_accuracy over held-out rows every so many steps and after the last one.</summary>
/// <param name="every">Steps between two measurements; null: only after the last step.</param>
/// <param name="rows">The held-out rows.</param>
/// <param name="model">The model in training.</param>
/// <param name="cancellationToken">Ends a measurement early.</param>
public sealed class ValidationLoss(int? every, IReadOnlyList<TokenRow> rows, LanguageModel model, CancellationToken cancellationToken = default) : TrainingHook
{
    private TrainingRun _run = null!;

    /// <inheritdoc/>
    public override void Start(TrainingRun run) => _run = run;

    /// <inheritdoc/>
    public override string? Updated(int step, JsonObject metrics)
    {
        if (step != _run.Total && (every is null || step % every != 0))
        {
            return null;
        }

        IReadOnlyList<RowScore> scores = [];
        _run.WithDelivered(() => scores = model.Score(rows, null, cancellationToken));
        double targets = Math.Max(1, scores.Sum(score => score.Targets));
        metrics["eval_loss"] = scores.Sum(score => score.LossSum) / targets;
        metrics["eval_mean_token_accuracy"] = scores.Sum(score => score.Correct) / targets;
        return null;
    }
}
