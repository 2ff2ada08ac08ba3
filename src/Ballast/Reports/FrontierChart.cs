using System.Text;

namespace Ballast.Reports;

/// <summary>A point of a frontier.</summary>
/// <param name="Label">Stands beside the point: a lambda, or the name of an end; empty where the legend says enough.</param>
/// <param name="Words">Its figures, shown when it is pointed at.</param>
/// <param name="X">Place along the horizontal axis, a share.</param>
/// <param name="XLow">Lower limit of its interval; null for none.</param>
/// <param name="XHigh">Upper limit.</param>
/// <param name="Y">Height.</param>
/// <param name="YLow">Lower limit of its interval; null for none.</param>
/// <param name="YHigh">Upper limit.</param>
/// <param name="Picked">Whether it is marked as the pick.</param>
public sealed record FrontierPoint(string Label, string Words, double X, double? XLow, double? XHigh, double Y, double? YLow, double? YHigh, bool Picked = false);

/// <summary>The points of one method, in rising order of lambda, the ends included.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Points">The points.</param>
/// <param name="Color">0 to 5.</param>
public sealed record FrontierSeries(string Name, IReadOnlyList<FrontierPoint> Points, int Color = 0);

/// <summary>What a rate costs in another figure, rates in percent: points with both intervals, joined in the order of lambda, as inline SVG.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="XLabel">Name of the horizontal axis, without the unit, percent.</param>
/// <param name="YLabel">Name of the vertical axis, without the unit; the better is always up.</param>
/// <param name="Series">The methods.</param>
/// <param name="Limit">A bound on the horizontal axis; null for none.</param>
/// <param name="LowIsUp">Whether small heights are drawn at the top, for a loss in its own unit; else heights are shares.</param>
public sealed record FrontierChart(string Title, string XLabel, string YLabel, IReadOnlyList<FrontierSeries> Series, double? Limit = null, bool LowIsUp = false)
{
    private const int Width = 560;
    private const int Height = 380;
    private const int Left = 64;
    private const int Right = Width - 24;
    private const int Top = 22;
    private const int Bottom = Height - 46;
    private const double Near = 20;

    /// <summary>The picture.</summary>
    public string Svg()
    {
        FrontierPoint[] all = [.. Series.SelectMany(series => series.Points)];
        IReadOnlyList<double> xTicks = AxisTicks.Of(all.Min(point => point.XLow ?? point.X), all.Append(null).Max(point => point is null ? Limit ?? double.MinValue : point.XHigh ?? point.X));
        IReadOnlyList<double> yTicks = AxisTicks.Of(all.Min(point => point.YLow ?? point.Y), all.Max(point => point.YHigh ?? point.Y));
        var svg = new StringBuilder($"<figure class=\"chart frontier\"><figcaption>{HtmlText.Escape(Title)}</figcaption>{Legend()}");
        svg.Append($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\">").Append(SvgShape.Title(Title)).Append('\n');
        foreach (double tick in yTicks)
        {
            svg.Append(SvgShape.Line("grid", Left, Y(tick), Right, Y(tick))).Append(SvgShape.Text(Left - 8, Y(tick) + 4, "end", ReportNumber.Plain(LowIsUp ? tick : 100 * tick)));
        }

        foreach (double tick in xTicks)
        {
            svg.Append(SvgShape.Line("grid", X(tick), Top, X(tick), Bottom)).Append(SvgShape.Text(X(tick), Bottom + 18, "middle", ReportNumber.Plain(100 * tick)));
        }

        svg.Append(SvgShape.Line("axis", Left, Bottom, Right, Bottom)).Append(SvgShape.Text((Left + Right) / 2, Height - 8, "middle", $"{XLabel}, %"));
        svg.Append(SvgShape.UprightText(14, (Top + Bottom) / 2, LowIsUp ? YLabel : $"{YLabel}, %")).Append('\n');
        if (Limit is { } limit)
        {
            svg.Append(SvgShape.Line("zero dashed", X(limit), Top, X(limit), Bottom)).Append(SvgShape.Text(X(limit), Top - 6, X(limit) > Right - 40 ? "end" : "middle", $"limit {ReportNumber.Percent(limit)}"));
        }

        var places = new LabelPlaces(Left, Right, Bottom);
        foreach (var point in all)
        {
            places.Take(X(point.X), Y(point.Y), 10, 10);
            Whiskers(point).ToList().ForEach(line => places.Take((line.X1 + line.X2) / 2, (line.Y1 + line.Y2) / 2, line.X2 - line.X1 + 2, Math.Abs(line.Y1 - line.Y2) + 2));
        }

        if (Limit is { } bound)
        {
            places.Take(X(bound), (Top + Bottom) / 2, 2, Bottom - Top);
            places.Take(X(bound), Top - 9, 72, 14);   // its label
        }

        foreach (var series in Series)
        {
            svg.Append($"<g class=\"c{series.Color % 6}\">").Append(SvgShape.Path("line faint", series.Points.Select(point => (X(point.X), Y(point.Y)))));
            svg.Append(string.Concat(series.Points.Select(Mark))).Append("</g>\n");
        }

        // Above every mark.
        svg.Append($"<g>{string.Concat(Series.SelectMany(series => Groups(New(series))).Select(Label))}</g>\n");

        return svg.Append("</svg></figure>\n").ToString();

        double X(double x) => Left + ((x - xTicks[0]) / (xTicks[^1] - xTicks[0]) * (Right - Left));

        double Y(double y)
        {
            double share = (y - yTicks[0]) / (yTicks[^1] - yTicks[0]);
            return LowIsUp ? Top + (share * (Bottom - Top)) : Bottom - (share * (Bottom - Top));
        }

        IEnumerable<(double X1, double Y1, double X2, double Y2)> Whiskers(FrontierPoint point)
        {
            if (point is { XLow: { } left, XHigh: { } right })
            {
                yield return (X(left), Y(point.Y), X(right), Y(point.Y));
            }

            if (point is { YLow: { } low, YHigh: { } high })
            {
                yield return (X(point.X), Y(low), X(point.X), Y(high));
            }
        }

        string Mark(FrontierPoint point)
        {
            string ring = point.Picked ? SvgShape.Dot("ring", X(point.X), Y(point.Y), 8) : "";
            return string.Concat(Whiskers(point).Select(line => SvgShape.Line("whisker", line.X1, line.Y1, line.X2, line.Y2))) + ring + SvgShape.Dot("dot", X(point.X), Y(point.Y), 4, point.Words);
        }

        // Methods share their ends, and often more: one label is enough.
        FrontierPoint[] New(FrontierSeries series) =>
            [.. series.Points.Where(point => point.Label.Length > 0 && Series.TakeWhile(other => other != series).All(other => other.Points.All(old => (old.X, old.Y, old.Label) != (point.X, point.Y, point.Label))))];

        // Points that lie on one another share a label.
        IEnumerable<FrontierPoint[]> Groups(IReadOnlyList<FrontierPoint> points)
        {
            for (int first = 0, next; first < points.Count; first = next)
            {
                for (next = first + 1; next < points.Count && Math.Abs(X(points[next].X) - X(points[first].X)) < Near && Math.Abs(Y(points[next].Y) - Y(points[first].Y)) < Near; next++)
                {
                }

                yield return [.. points.Skip(first).Take(next - first)];
            }
        }

        string Label(FrontierPoint[] group)
        {
            string words = group.Length == 1 ? group[0].Label : $"{group[0].Label} to {group[^1].Label}";
            string picked = group.FirstOrDefault(point => point.Picked) is not { } pick ? "" : group.Length == 1 ? " picked" : $", {pick.Label} picked";
            return places.Put(X(group[0].X), Y(group[0].Y), words + picked);
        }
    }

    private string Legend() => Series.Count < 2 ? "" : $"<p class=\"legend\">{string.Join(' ', Series.Select(series =>
        $"<span class=\"c{series.Color % 6}\"><i></i>{HtmlText.Escape(series.Name)}</span>"))}</p>";
}
