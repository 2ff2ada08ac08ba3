namespace Ballast.Data;

/// <summary>Rows for one forward and backward pass, padded on the right to the longest of them.</summary>
/// <param name="InputIds">Token ids, [B, T] row by row; past a row's length the padding id.</param>
/// <param name="Labels">Target ids, [B, T], not shifted; <see cref="TokenRow.NoTarget"/> where there is none and past a row's length.</param>
/// <param name="Lengths">Tokens of each row, [B], each at most T.</param>
/// <param name="Rows">B.</param>
/// <param name="Tokens">T, the longest row.</param>
/// <param name="Sources">Where each row stands, <c>file:line</c>; for messages.</param>
public sealed record Batch(int[] InputIds, int[] Labels, int[] Lengths, int Rows, int Tokens, IReadOnlyList<string> Sources)
{
    /// <summary>Predicted tokens: labels other than <see cref="TokenRow.NoTarget"/>, without position 0 of each row.</summary>
    public int Targets { get; private init; }

    /// <summary>Puts rows into one batch.</summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="padId">The id past a row's end; any id of the vocabulary, it has no effect on the loss.</param>
    public static Batch Of(IReadOnlyList<TokenRow> rows, int padId)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        int width = rows.Max(row => row.Length);
        int[] ids = new int[rows.Count * width];
        int[] labels = new int[rows.Count * width];
        Array.Fill(ids, padId);
        Array.Fill(labels, TokenRow.NoTarget);
        for (int i = 0; i < rows.Count; i++)
        {
            rows[i].InputIds.CopyTo(ids, i * width);
            rows[i].Labels.CopyTo(labels, i * width);
        }

        int[] lengths = [.. rows.Select(row => row.Length)];
        return new Batch(ids, labels, lengths, rows.Count, width, [.. rows.Select(row => row.Source)]) { Targets = rows.Sum(row => row.Targets) };
    }
}
