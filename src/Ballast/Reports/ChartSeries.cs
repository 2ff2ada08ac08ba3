namespace Ballast.Reports;

/// <summary>A line of a chart.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Points">Its points in rising order of X.</param>
/// <param name="Color">0 to 5, the same color for the same model throughout a report.</param>
/// <param name="Dashed">Whether the line is dashed, for a second curve of the same color.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points, int Color = 0, bool Dashed = false);
