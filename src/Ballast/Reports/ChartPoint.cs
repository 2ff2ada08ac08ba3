namespace Ballast.Reports;

/// <summary>A point of a line chart.</summary>
/// <param name="X">Place along the horizontal axis.</param>
/// <param name="Y">Height; points that are not finite are left out.</param>
/// <param name="Low">Lower limit of an interval that is drawn behind the line; null for none.</param>
/// <param name="High">Upper limit.</param>
public readonly record struct ChartPoint(double X, double Y, double? Low = null, double? High = null);
