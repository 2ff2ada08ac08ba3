using Ballast.Data.Formats;

namespace Ballast.Configs;

/// <summary>Where rows come from.</summary>
/// <param name="Path">A JSON array, JSON Lines, CSV or Parquet file, its ending says which; or a folder with a train split, or a data set on the hub such as <c>owner/name@revision/file</c>.</param>
/// <param name="Format">The shape of its rows: <c>auto</c> looks at the first row; or the name of a format, such as <c>alpaca</c>.</param>
/// <param name="MaxRows">Only the first rows, at least 1; absent: all.</param>
public sealed record DataSource(string Path, string Format = DataFormats.Auto, int? MaxRows = null)
{
    /// <summary>What is wrong with the values, by key below <paramref name="path"/>.</summary>
    internal IEnumerable<ConfigProblem> Problems(string path)
    {
        if (!DataFormats.Names.Contains(Format))
        {
            yield return new($"{path}.format", $"expected one of {string.Join(", ", DataFormats.Names)}, got '{Format}'{Suggestion.For(Format, DataFormats.Names)}");
        }

        if (MaxRows < 1)
        {
            yield return new($"{path}.max_rows", $"must be at least 1, got {MaxRows}");
        }
    }
}
