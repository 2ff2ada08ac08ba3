using System.Globalization;
using System.Text;

namespace Ballast.Reports;

/// <summary>A table of a report.</summary>
/// <param name="columns">The headings, at least one.</param>
public sealed class ReportTable(params IReadOnlyList<string> columns)
{
    private readonly StringBuilder _body = new();
    private IReadOnlyList<ReportCell>? _first;

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">It has another number of cells than there are columns.</exception>
    public ReportTable Row(params IReadOnlyList<ReportCell> cells)
    {
        _first ??= cells;
        string html = string.Concat(cells.Select(cell => Tag("td", cell.IsNumber, cell.Html)));
        _body.Append(cells.Count == columns.Count ? $"<tr>{html}</tr>\n" : throw new ArgumentException($"expected {columns.Count} cells, got {cells.Count}", nameof(cells)));
        return this;
    }

    /// <summary>Adds a heading across all columns for the rows that follow.</summary>
    /// <param name="heading">The heading.</param>
    /// <param name="remark">A remark in small letters behind it; null for none.</param>
    public ReportTable Group(string heading, string? remark = null)
    {
        string small = remark is null ? "" : $"<small>{HtmlText.Escape(remark)}</small>";
        _body.Append(CultureInfo.InvariantCulture, $"<tr class=\"group\"><td colspan=\"{columns.Count}\">{HtmlText.Escape(heading)}{small}</td></tr>\n");
        return this;
    }

    internal string Html()
    {
        // A column of numbers is headed flush right like its numbers.
        string heads = string.Concat(columns.Select((column, i) => Tag("th", _first?[i].IsNumber ?? false, HtmlText.Escape(column))));
        return $"<div class=\"scroll\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{_body}</tbody></table></div>\n";
    }

    private static string Tag(string name, bool isNumber, string html) => $"<{name}{(isNumber ? " class=\"number\"" : "")}>{html}</{name}>";
}
