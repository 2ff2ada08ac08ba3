using Ballast.Data;

namespace Ballast.Planning;

/// <summary>How long rows are, in tokens.</summary>
internal sealed class RowLengths
{
    private readonly int[] _sorted;

    public RowLengths(IReadOnlyList<TokenRow> rows) => _sorted = [.. rows.Select(row => row.Length).Order()];

    /// <summary>Rows.</summary>
    public int Count => _sorted.Length;

    /// <summary>Tokens of the longest row.</summary>
    public int Longest => _sorted[^1];

    /// <summary>The fewest tokens that hold this share of the rows whole, in (0, 1].</summary>
    public int Quantile(double share) => _sorted[Math.Clamp((int)Math.Ceiling(share * _sorted.Length) - 1, 0, _sorted.Length - 1)];
}
