using System.Globalization;
using Ballast.Data;

namespace Ballast.Cli;

/// <summary>What was found in the data files, one line each.</summary>
internal static class DataSummary
{
    public static IEnumerable<string> Lines(Dataset data)
    {
        foreach (var source in data.Sources)
        {
            string left = source.Truncated + source.Dropped + source.BadRows.Count == 0 ? ""
                : $" ({source.Truncated} cut, {source.Dropped} dropped as too long, {source.BadRows.Count} unusable)";
            yield return $"{source.Path}: {source.Rows} rows of format {source.Format}{left}";
            foreach (string bad in source.BadRows)
            {
                yield return $"  left out: {bad}";
            }
        }

        yield return string.Create(
            CultureInfo.InvariantCulture, $"{data.Rows.Count:N0} rows, {data.Tokens:N0} tokens, {100 * data.TrainedShare:0.0} % of them trained, longest row {data.LongestRow}");
    }
}
