namespace Ballast.Reports;

/// <summary>A value and its interval as a dot and a bar on a scale.</summary>
internal static class IntervalPicture
{
    private const int Width = 150;
    private const int Height = 18;
    private const int Middle = 9;
    private const int Margin = 6;

    /// <summary>The picture as inline SVG; the figures in words are its tooltip.</summary>
    public static string Svg(double value, double? low, double? high, double min, double max, int color)
    {
        string ticks = string.Concat(Enumerable.Range(0, 5).Select(i => At(min + (i * (max - min) / 4))).Select(x => SvgShape.Line("tick", x, 6, x, 12)));
        string zero = min < 0 ? SvgShape.Line("zero", At(0), 2, At(0), 16) : "";
        string bar = low is null || high is null ? "" : SvgShape.Bar("bar", At(low.Value), 6, Math.Max(1, At(high.Value) - At(low.Value)), 6);
        return $"<svg class=\"interval c{color % 6}\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\">"
            + SvgShape.Title(min < 0 ? Points(value, low, high) : $"{ReportNumber.Percent(value)} ({ReportNumber.PercentInterval(low, high)})")
            + ticks + SvgShape.Line("track", Margin, Middle, Width - Margin, Middle) + zero + bar + SvgShape.Dot("dot", At(value), Middle, 4) + "</svg>";

        double At(double x) => Margin + ((Math.Clamp(x, min, max) - min) / (max - min) * (Width - (2 * Margin)));
    }

    private static string Points(double value, double? low, double? high) => $"{ReportNumber.Points(value)} points"
        + (low is null || high is null ? "" : $" ({ReportNumber.Points(low.Value)} to {ReportNumber.Points(high.Value)})");
}
