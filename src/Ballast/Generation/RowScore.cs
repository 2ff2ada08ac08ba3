namespace Ballast.Generation;

/// <summary>How well a model predicts the targets of one row.</summary>
/// <param name="LossSum">Cross-entropy in nats summed over the targets; divided by <paramref name="Targets"/> it is the mean loss.</param>
/// <param name="Targets">Tokens that are predicted, those whose shifted label is not -100.</param>
/// <param name="Correct">Targets that have the largest logit.</param>
public sealed record RowScore(double LossSum, int Targets, int Correct);
