namespace Ballast.Data;

/// <summary>One training row as tokens.</summary>
/// <param name="InputIds">Token ids, [T].</param>
/// <param name="Labels">Target ids, [T], not shifted: the model predicts Labels[t] from InputIds[..t]; <see cref="NoTarget"/> where there is none.</param>
/// <param name="Source">Where the row stands, <c>file:line</c>.</param>
public sealed record TokenRow(int[] InputIds, int[] Labels, string Source)
{
    /// <summary>The label of a token that is not trained on.</summary>
    public const int NoTarget = -100;

    /// <summary>Tokens in the row.</summary>
    public int Length => InputIds.Length;

    /// <summary>Tokens that are predicted: labels other than <see cref="NoTarget"/>, without position 0, which nothing precedes.</summary>
    public int Targets => Length == 0 ? 0 : Length - 1 - Labels.AsSpan(1).Count(NoTarget);
}
