using Ballast.Models;

namespace Ballast.Data;

/// <summary>Packing without cross-talk: several rows lie one behind the other in one sequence, and no token looks past the first of its own row.</summary>
/// <remarks>
/// Positions begin anew with each row, and the first token of a row is nobody's target, so a row's logits, loss and gradient are those it has alone. Only the rows of one
/// optimizer step are packed together: batch size, steps and what is learned stay the same, the padding goes away (Krell et al., arXiv 2107.02027, on packing without contamination).
/// </remarks>
public static class RowPacking
{
    /// <summary>Shares rows out among as few groups as first-fit-decreasing finds, none above the limit.</summary>
    /// <param name="rows">Rows, each at most <paramref name="limit"/> tokens long.</param>
    /// <param name="limit">Tokens of one group, at least the longest row's.</param>
    /// <returns>Groups of rows; longer rows stand first, rows of one length in their own order.</returns>
    public static IEnumerable<TokenRow[]> FirstFit(IEnumerable<TokenRow> rows, int limit)
    {
        var groups = new List<(List<TokenRow> Rows, int Tokens)>();
        foreach (TokenRow row in rows.OrderByDescending(row => row.Length))
        {
            int place = groups.FindIndex(group => group.Tokens + row.Length <= limit);
            if (place < 0)
            {
                place = groups.Count;
                groups.Add(([], 0));
            }

            groups[place].Rows.Add(row);
            groups[place] = (groups[place].Rows, groups[place].Tokens + row.Length);
        }

        return groups.Select(group => group.Rows.ToArray());
    }

    /// <summary>Lays rows one behind the other: a batch of one sequence whose Starts and Positions keep them apart.</summary>
    /// <param name="rows">At least one row.</param>
    public static TokenBatch Pack(IReadOnlyList<TokenRow> rows)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        int width = rows.Sum(row => row.Length);
        int[] ids = new int[width], labels = new int[width], positions = new int[width], starts = new int[width];
        int start = 0;
        foreach (TokenRow row in rows)
        {
            row.InputIds.CopyTo(ids, start);
            row.Labels.CopyTo(labels, start);
            labels[start] = TokenRow.NoTarget;
            for (int i = 0; i < row.Length; i++)
            {
                positions[start + i] = i;
                starts[start + i] = start;
            }

            start += row.Length;
        }

        return new TokenBatch(ids, 1, labels, positions, starts, [.. rows.Select(row => row.Source)]);
    }
}
