using Ballast.Data;
using Ballast.Evaluation.Statistics;
using Ballast.Generation;

namespace Ballast.Evaluation;

/// <summary>How well a model predicts rows that it was not trained on.</summary>
/// <param name="Loss">Mean cross-entropy per target token in nats; rows are the independent units of its interval.</param>
/// <param name="TokenAccuracy">Share of target tokens that have the largest logit, in [0, 1].</param>
/// <param name="Rows">Rows with at least one target.</param>
/// <param name="Targets">Target tokens.</param>
public sealed record HeldOut(MeanEstimate Loss, MeanEstimate TokenAccuracy, int Rows, long Targets)
{
    /// <summary>Scores rows with a model.</summary>
    /// <exception cref="DataException">No row has a target.</exception>
    public static HeldOut Of(ILanguageModel model, IReadOnlyList<TokenRow> rows, IProgress<int>? progress = null, CancellationToken cancellationToken = default) =>
        Of(model.Score(rows, progress, cancellationToken));

    /// <summary>Summarizes scores, one per row.</summary>
    /// <exception cref="DataException">No row has a target.</exception>
    public static HeldOut Of(IReadOnlyList<RowScore> scores)
    {
        RowScore[] counted = [.. scores.Where(score => score.Targets > 0)];
        if (counted.Length == 0)
        {
            throw new DataException($"none of the {scores.Count} held-out rows has a target token, so there is nothing to score");
        }

        (double, int)[] hits = [.. counted.Select(score => ((double)score.Correct, score.Targets))];
        return new HeldOut(
            ClusteredMean.Of([.. counted.Select(score => (score.LossSum, score.Targets))]),
            ClusteredMean.Of(hits) with { Interval = ClusteredMean.RateInterval(hits) },
            counted.Length,
            counted.Sum(score => (long)score.Targets));
    }
}
