using System.Globalization;
using System.Text;

namespace Ballast.Reports;

/// <summary>Lines over a common axis, as inline SVG with axes, labels and tooltips.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="XLabel">Name and unit of the horizontal axis.</param>
/// <param name="YLabel">Name and unit of the vertical axis.</param>
/// <param name="Series">The lines.</param>
/// <param name="YMin">Lowest height shown; null fits the data.</param>
/// <param name="YMax">Greatest height shown; null fits the data.</param>
public sealed record LineChart(string Title, string XLabel, string YLabel, IReadOnlyList<ChartSeries> Series, double? YMin = null, double? YMax = null)
{
    private const double Width = 520;
    private const double Height = 270;
    private const double Left = 64;
    private const double Right = 16;
    private const double Top = 16;
    private const double Bottom = 46;
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
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure class=\"chart\"><figcaption>{HtmlText.Escape(Title)}</figcaption>{Legend(lines)}");
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\"><title>{HtmlText.Escape(Title)}</title>\n");
        foreach (double tick in yTicks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{scale.Y(tick):0.#}\" y2=\"{scale.Y(tick):0.#}\"/>");
            svg.Append(Label(Left - 8, scale.Y(tick) + 4, "end", ReportNumber.Plain(tick)));
        }

        foreach (double tick in xTicks.Where(tick => tick >= scale.XMin && tick <= scale.XMax))
        {
            svg.Append(Label(scale.X(tick), Height - Bottom + 18, "middle", ReportNumber.Plain(tick)));
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\"/>");
        svg.Append(Label((Left + Width - Right) / 2, Height - 8, "middle", XLabel));
        svg.Append(CultureInfo.InvariantCulture,
            $"<text transform=\"rotate(-90)\" x=\"{-(Top + Height - Bottom) / 2}\" y=\"14\" text-anchor=\"middle\">{HtmlText.Escape(YLabel)}</text>\n");
        foreach (ChartSeries line in lines)
        {
            svg.Append(Line(line, scale));
        }

        return svg.Append("</svg></figure>\n").ToString();
    }

    private static string Line(ChartSeries series, Scale scale)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<g class=\"c{series.Color % 6}\">");
        ChartPoint[] banded = [.. series.Points.Where(point => point.Low is not null && point.High is not null)];
        if (banded.Length > 1)
        {
            IEnumerable<string> edge = banded.Select(point => scale.At(point.X, point.High!.Value)).Concat(banded.Reverse().Select(point => scale.At(point.X, point.Low!.Value)));
            svg.Append(CultureInfo.InvariantCulture, $"<polygon class=\"band\" points=\"{string.Join(' ', edge)}\"/>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{(series.Dashed ? "line dashed" : "line")}\" points=\"{string.Join(' ', series.Points.Select(point => scale.At(point.X, point.Y)))}\"/>");
        int every = Math.Max(1, (series.Points.Count + MaxDots - 1) / MaxDots);
        foreach (ChartPoint point in series.Points.Where((_, i) => i % every == 0 || i == series.Points.Count - 1))
        {
            string words = $"{series.Name}, {ReportNumber.Plain(point.X)}: {ReportNumber.Plain(point.Y)}";
            string range = point.Low is null ? "" : $" ({ReportNumber.Plain(point.Low.Value)} to {ReportNumber.Plain(point.High ?? point.Y)})";
            svg.Append(CultureInfo.InvariantCulture,
                $"<circle class=\"{(every == 1 ? "dot" : "dot quiet")}\" cx=\"{scale.X(point.X):0.#}\" cy=\"{scale.Y(point.Y):0.#}\" r=\"3\"><title>{HtmlText.Escape(words + range)}</title></circle>");
        }

        return svg.Append("</g>\n").ToString();
    }

    private static string Legend(ChartSeries[] lines) => lines.Length == 1 && lines[0].Color == 0
        ? ""
        : $"<p class=\"legend\">{string.Join(' ', lines.Select(line => $"<span class=\"c{line.Color % 6}\"><i{(line.Dashed ? " class=\"dashed\"" : "")}></i>{HtmlText.Escape(line.Name)}</span>"))}</p>";

    // Long runs keep the lowest and the highest point of each stretch, so that no spike disappears.
    private static ChartPoint[] Thin(ChartPoint[] points) => points.Length <= MaxPoints
        ? points
        : [.. points.Chunk((2 * points.Length / MaxPoints) + 1).SelectMany(stretch => new[] { stretch.MinBy(p => p.Y), stretch.MaxBy(p => p.Y) }.OrderBy(p => p.X))];

    private static bool IsFinite(ChartPoint point) => double.IsFinite(point.X) && double.IsFinite(point.Y);

    private static string Label(double x, double y, string anchor, string text) =>
        string.Create(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{HtmlText.Escape(text)}</text>");

    private sealed record Scale(double XMin, double XMax, double YMin, double YMax)
    {
        public double X(double x) => XMax > XMin ? Left + ((x - XMin) / (XMax - XMin) * (Width - Left - Right)) : (Left + Width - Right) / 2;

        public double Y(double y) => Height - Bottom - ((Math.Clamp(y, YMin, YMax) - YMin) / (YMax - YMin) * (Height - Top - Bottom));

        public string At(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{X(x):0.#},{Y(y):0.#}");
    }
}
