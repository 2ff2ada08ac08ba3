using System.Text;

namespace Ballast.Reports;

/// <summary>Lines over a common axis, as inline SVG with axes, labels and tooltips.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="XLabel">Name and unit of the horizontal axis.</param>
/// <param name="YLabel">Name and unit of the vertical axis.</param>
/// <param name="Series">The lines.</param>
/// <param name="YMin">Lowest height shown; null fits the data.</param>
/// <param name="YMax">Greatest height shown; null fits the data.</param>
/// <param name="Percent">Whether heights are shares, written in percent.</param>
public sealed record LineChart(string Title, string XLabel, string YLabel, IReadOnlyList<ChartSeries> Series, double? YMin = null, double? YMax = null, bool Percent = false)
{
    private const int Width = 520;
    private const int Height = 270;
    private const int Left = 64;
    private const int Right = Width - 16;
    private const int Top = 16;
    private const int Bottom = Height - 46;
    private const int MaxDots = 60;
    private const int MaxPoints = 1200;

    /// <summary>The picture; without a finite point a remark in words.</summary>
    public string Svg()
    {
        ChartSeries[] lines = [.. Series.Select(line => line with { Points = Thin([.. line.Points.Where(IsFinite)]) })];
        ChartPoint[] all = [.. lines.SelectMany(line => line.Points)];
        if (all.Length == 0)
        {
            return $"<p class=\"muted\">{HtmlText.Escape(Title)}: nothing was recorded.</p>\n";
        }

        IReadOnlyList<double> xTicks = AxisTicks.Of(all.Min(point => point.X), all.Max(point => point.X));
        IReadOnlyList<double> yTicks = AxisTicks.Of(YMin ?? all.Min(point => point.Low ?? point.Y), YMax ?? all.Max(point => point.High ?? point.Y));
        var scale = new Scale(all.Min(point => point.X), all.Max(point => point.X), yTicks[0], yTicks[^1]);
        var svg = new StringBuilder($"<figure class=\"chart\"><figcaption>{HtmlText.Escape(Title)}</figcaption>{Legend(lines)}");
        svg.Append($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\">").Append(SvgShape.Title(Title)).Append('\n');
        foreach (double tick in yTicks)
        {
            svg.Append(SvgShape.Line("grid", Left, scale.Y(tick), Right, scale.Y(tick)));
            svg.Append(SvgShape.Text(Left - 8, scale.Y(tick) + 4, "end", ReportNumber.Plain(Percent ? 100 * tick : tick)));
        }

        foreach (double tick in xTicks.Where(tick => tick >= scale.XMin && tick <= scale.XMax))
        {
            svg.Append(SvgShape.Text(scale.X(tick), Bottom + 18, "middle", ReportNumber.Plain(tick)));
        }

        svg.Append(SvgShape.Line("axis", Left, Bottom, Right, Bottom));
        svg.Append(SvgShape.Text((Left + Right) / 2, Height - 8, "middle", XLabel));
        svg.Append(SvgShape.UprightText(14, (Top + Bottom) / 2, YLabel)).Append('\n');
        foreach (ChartSeries line in lines)
        {
            svg.Append($"<g class=\"c{line.Color % 6}\">").Append(Band(line, scale)).Append(Line(line, scale)).Append("</g>\n");
        }

        return svg.Append("</svg></figure>\n").ToString();
    }

    private string Line(ChartSeries series, Scale scale)
    {
        var svg = new StringBuilder(SvgShape.Path(series.Dashed ? "line dashed" : "line", series.Points.Select(point => scale.At(point.X, point.Y))));
        int every = Math.Max(1, (series.Points.Count + MaxDots - 1) / MaxDots);
        foreach (ChartPoint point in series.Points.Where((_, i) => i % every == 0 || i == series.Points.Count - 1))
        {
            string range = point is { Low: { } low, High: { } high } ? $" ({Shown(low)} to {Shown(high)})" : "";
            string words = $"{series.Name}, {ReportNumber.Plain(point.X)}: {Shown(point.Y)}{range}";
            svg.Append(SvgShape.Dot(every == 1 ? "dot" : "dot quiet", scale.X(point.X), scale.Y(point.Y), 3, words));
        }

        return svg.ToString();
    }

    private string Shown(double y) => Percent ? ReportNumber.Percent(y) : ReportNumber.Plain(y);

    private static string Band(ChartSeries series, Scale scale)
    {
        ChartPoint[] banded = [.. series.Points.Where(point => point.Low is not null && point.High is not null)];
        return banded.Length < 2
            ? ""
            : SvgShape.Area("band", [
                .. banded.Select(point => scale.At(point.X, point.High!.Value)),
                .. banded.Reverse().Select(point => scale.At(point.X, point.Low!.Value)),
            ]);
    }

    private static string Legend(ChartSeries[] lines) => lines.Length == 1 && lines[0].Color == 0
        ? ""
        : $"<p class=\"legend\">{string.Join(' ', lines.Select(Key))}</p>";

    private static string Key(ChartSeries line) =>
        $"<span class=\"c{line.Color % 6}\"><i{(line.Dashed ? " class=\"dashed\"" : "")}></i>{HtmlText.Escape(line.Name)}</span>";

    // Long runs keep the lowest and the highest point of each stretch, so that no spike disappears.
    private static ChartPoint[] Thin(ChartPoint[] points) => points.Length <= MaxPoints
        ? points
        : [.. points.Chunk((2 * points.Length / MaxPoints) + 1).SelectMany(Extremes)];

    private static IEnumerable<ChartPoint> Extremes(ChartPoint[] stretch) =>
        new[] { stretch.MinBy(point => point.Y), stretch.MaxBy(point => point.Y) }.OrderBy(point => point.X);

    private static bool IsFinite(ChartPoint point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    private sealed record Scale(double XMin, double XMax, double YMin, double YMax)
    {
        public double X(double x) => XMax > XMin ? Left + ((x - XMin) / (XMax - XMin) * (Right - Left)) : (Left + Right) / 2.0;

        public double Y(double y) => Bottom - ((Math.Clamp(y, YMin, YMax) - YMin) / (YMax - YMin) * (Bottom - Top));

        public (double X, double Y) At(double x, double y) => (X(x), Y(y));
    }
}
