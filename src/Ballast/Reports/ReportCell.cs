using System.Globalization;
using Ballast.Evaluation;

namespace Ballast.Reports;

/// <summary>One cell of a report's table.</summary>
public sealed class ReportCell
{
    private ReportCell(string html, bool isNumber)
    {
        Html = html;
        IsNumber = isNumber;
    }

    internal string Html { get; }

    internal bool IsNumber { get; }

    /// <summary>Text; anything in it that looks like markup is shown as it is.</summary>
    public static ReportCell Text(string text) => new(HtmlText.Escape(text), false);

    /// <summary>A number, set flush right.</summary>
    public static ReportCell Number(string text) => new(HtmlText.Escape(text), true);

    /// <summary>A whole number with thousands separated.</summary>
    public static ReportCell Number(long number) => Number(number.ToString("#,0", CultureInfo.InvariantCulture));

    /// <summary>A picture of a share in [0, 1] and its interval on a scale from 0 to 100 %.</summary>
    /// <param name="value">The share.</param>
    /// <param name="low">Lower limit; null draws the value alone.</param>
    /// <param name="high">Upper limit.</param>
    /// <param name="color">0 to 5, the same color for the same model throughout a report.</param>
    public static ReportCell Interval(double value, double? low, double? high, int color = 0) => new(IntervalPicture.Svg(value, low, high, 0, 1, color), false);

    /// <summary>A picture of a difference of shares in [-1, 1] around 0.</summary>
    /// <param name="value">The difference.</param>
    /// <param name="low">Lower limit; null draws the value alone.</param>
    /// <param name="high">Upper limit.</param>
    /// <param name="color">0 to 5.</param>
    public static ReportCell Difference(double value, double? low, double? high, int color = 0) => new(IntervalPicture.Svg(value, low, high, -1, 1, color), false);

    /// <summary>A figure in full: percentage, picture, interval, and its count.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="color">0 to 5.</param>
    public static ReportCell Figure(MetricResult figure, int color = 0)
    {
        string count = figure.Successes is null ? $"n = {figure.Count}" : $"{figure.Successes} of {figure.Count}";
        return Figure(figure.Value, figure.Low, figure.High, count, color);
    }

    /// <summary>A share in full: percentage, picture, interval.</summary>
    /// <param name="value">The share.</param>
    /// <param name="low">Lower limit; null for none.</param>
    /// <param name="high">Upper limit.</param>
    /// <param name="remark">Stands behind the interval; null for none.</param>
    /// <param name="color">0 to 5.</param>
    public static ReportCell Figure(double value, double? low, double? high, string? remark = null, int color = 0) => new(
        $"<div class=\"figure\"><b>{ReportNumber.Percent(value)}</b>{IntervalPicture.Svg(value, low, high, 0, 1, color)}"
        + $"<small>{ReportNumber.PercentInterval(low, high)}{(remark is null ? "" : $", {HtmlText.Escape(remark)}")}</small></div>", false);
}
