using System.Globalization;

namespace Ballast.Reports;

/// <summary>The few SVG elements that charts are made of; looks come from the style sheet, by class.</summary>
internal static class SvgShape
{
    public static string Line(string look, double x1, double y1, double x2, double y2) =>
        Format($"<line class=\"{look}\" x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\"/>");

    public static string Bar(string look, double x, double y, double width, double height) =>
        Format($"<rect class=\"{look}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{height:0.#}\" rx=\"{height / 2:0.#}\"/>");

    /// <summary>A dot; <paramref name="words"/> appear when it is pointed at.</summary>
    public static string Dot(string look, double x, double y, double radius, string? words = null) =>
        Format($"<circle class=\"{look}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{radius:0.#}\">{Title(words)}</circle>");

    public static string Path(string look, IEnumerable<(double X, double Y)> points) => $"<polyline class=\"{look}\" points=\"{Points(points)}\"/>";

    public static string Area(string look, IEnumerable<(double X, double Y)> points) => $"<polygon class=\"{look}\" points=\"{Points(points)}\"/>";

    /// <summary>Text; <paramref name="anchor"/> is start, middle or end.</summary>
    public static string Text(double x, double y, string anchor, string words) =>
        Format($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{HtmlText.Escape(words)}</text>");

    /// <summary>Text that runs upwards, centered on a point.</summary>
    public static string UprightText(double x, double y, string words) =>
        Format($"<text transform=\"rotate(-90)\" x=\"{-y:0.#}\" y=\"{x:0.#}\" text-anchor=\"middle\">{HtmlText.Escape(words)}</text>");

    public static string Title(string? words) => words is null ? "" : $"<title>{HtmlText.Escape(words)}</title>";

    private static string Points(IEnumerable<(double X, double Y)> points) => string.Join(' ', points.Select(point => Format($"{point.X:0.#},{point.Y:0.#}")));

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
