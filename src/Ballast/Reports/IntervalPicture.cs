using System.Globalization;

namespace Ballast.Reports;

/// <summary>A value and its interval as a dot and a bar on a scale.</summary>
internal static class IntervalPicture
{
    private const int Width = 150;
    private const int Height = 18;
    private const int Margin = 6;

    /// <summary>The picture as inline SVG; the figures in words are its tooltip.</summary>
    public static string Svg(double value, double? low, double? high, double min, double max, int color)
    {
        string words = min < 0
            ? $"{ReportNumber.Points(value)} points" + (low is null ? "" : $" ({ReportNumber.Points(low.Value)} to {ReportNumber.Points(high!.Value)})")
            : $"{ReportNumber.Percent(value)} ({ReportNumber.PercentInterval(low, high)})";
        string ticks = string.Concat(Enumerable.Range(0, 5).Select(i => Line("tick", At(min + (i * (max - min) / 4)), 6, 12)));
        string zero = min < 0 ? Line("zero", At(0), 2, 16) : "";
        string bar = low is null || high is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"<rect class=\"bar\" x=\"{At(low.Value):0.#}\" y=\"6\" width=\"{Math.Max(1, At(high.Value) - At(low.Value)):0.#}\" height=\"6\" rx=\"3\"/>");
        return string.Create(CultureInfo.InvariantCulture,
            $"<svg class=\"interval c{color % 6}\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\"><title>{HtmlText.Escape(words)}</title>{ticks}")
            + string.Create(CultureInfo.InvariantCulture,
                $"<line class=\"track\" x1=\"{Margin}\" x2=\"{Width - Margin}\" y1=\"9\" y2=\"9\"/>{zero}{bar}<circle class=\"dot\" cx=\"{At(value):0.#}\" cy=\"9\" r=\"4\"/></svg>");

        double At(double x) => Margin + ((Math.Clamp(x, min, max) - min) / (max - min) * (Width - (2 * Margin)));
    }

    private static string Line(string name, double x, int y1, int y2) =>
        string.Create(CultureInfo.InvariantCulture, $"<line class=\"{name}\" x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\"{y1}\" y2=\"{y2}\"/>");
}
