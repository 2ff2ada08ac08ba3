using System.Text;
using Ballast.Checkpoints;

namespace Ballast.Reports;

/// <summary>One self-contained page: no script, no network, opens from disk, light and dark, wide and narrow. Everything put in is shown as text.</summary>
/// <param name="title">Title of the page.</param>
/// <param name="subtitle">A line below the title; null for none.</param>
public sealed class HtmlReport(string title, string? subtitle = null)
{
    private const int MaxTextLength = 6000;

    private readonly StringBuilder _body = new();
    private readonly List<string> _headings = [];

    /// <summary>Begins a section; the page lists its sections at the top.</summary>
    public HtmlReport Section(string heading)
    {
        _headings.Add(heading);
        return Add($"<h2 id=\"s{_headings.Count}\">{HtmlText.Escape(heading)}</h2>\n");
    }

    /// <summary>Begins a part of a section.</summary>
    public HtmlReport Heading(string heading) => Add($"<h3>{HtmlText.Escape(heading)}</h3>\n");

    /// <summary>Adds a paragraph.</summary>
    public HtmlReport Paragraph(string text) => Add($"<p>{HtmlText.Escape(text)}</p>\n");

    /// <summary>Adds a remark that must not be overlooked.</summary>
    public HtmlReport Warning(string text) => Add($"<p class=\"warning\">{HtmlText.Escape(text)}</p>\n");

    /// <summary>Adds a table.</summary>
    public HtmlReport Table(ReportTable table) => Add(table.Html());

    /// <summary>Adds a line chart.</summary>
    public HtmlReport Chart(LineChart chart) => Add(chart.Svg());

    /// <summary>Adds a frontier.</summary>
    public HtmlReport Chart(FrontierChart chart) => Add(chart.Svg());

    /// <summary>Adds charts side by side where there is room.</summary>
    public HtmlReport Charts(IEnumerable<LineChart> charts) => Add($"<div class=\"charts\">{string.Concat(charts.Select(chart => chart.Svg()))}</div>\n");

    /// <summary>Adds settings and other facts, name beside value.</summary>
    public HtmlReport Facts(IEnumerable<(string Name, string Value)> facts) =>
        Add($"<dl>{string.Concat(facts.Select(fact => $"<dt>{HtmlText.Escape(fact.Name)}</dt><dd>{HtmlText.Escape(fact.Value)}</dd>"))}</dl>\n");

    /// <summary>Adds a text that opens on demand, blanks and line breaks kept.</summary>
    public HtmlReport Details(string summary, string text) =>
        Add($"<details><summary>{HtmlText.Escape(summary)}</summary><pre>{Pre(text)}</pre></details>\n");

    /// <summary>Adds a prompt with the replies to it side by side.</summary>
    public HtmlReport Replies(string prompt, IReadOnlyList<ReplyView> replies)
    {
        IEnumerable<string> views = replies.Select(reply =>
            $"<div class=\"reply\"><h4>{HtmlText.Escape(reply.Heading)} {Badge(reply)}</h4><pre>{Pre(reply.Text)}</pre></div>");
        string shown = HtmlText.Escape(HtmlText.Shorten(prompt, MaxTextLength));
        return Add($"<section class=\"replies\"><p class=\"prompt\">{shown}</p><div class=\"columns\">{string.Concat(views)}</div></section>\n");
    }

    /// <summary>The whole page.</summary>
    public string Render()
    {
        string name = HtmlText.Escape(title);
        string line = subtitle is null ? "" : $"<p class=\"subtitle\">{HtmlText.Escape(subtitle)}</p>\n";
        string sections = string.Concat(_headings.Select((heading, i) => $"<a href=\"#s{i + 1}\">{HtmlText.Escape(heading)}</a> "));
        string contents = _headings.Count < 2 ? "" : $"<nav>{sections}</nav>\n";
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
            + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
            + $"<title>{name}</title>\n<style>{ReportStyle.Css}</style></head>\n<body><main>\n<header><h1>{name}</h1>\n{line}{contents}</header>\n"
            + $"{_body}<footer>Written by Ballast. Bars are 95 % confidence intervals; point at a mark to read its figures.</footer>\n</main></body></html>\n";
    }

    /// <summary>Writes the page to a file, whole or not at all.</summary>
    /// <exception cref="RunException">The file cannot be written.</exception>
    public void Save(string path) => DurableFile.Write(path, Render());

    private HtmlReport Add(string html)
    {
        _body.Append(html);
        return this;
    }

    private static string Badge(ReplyView reply) => $"<span class=\"badge {(reply.IsBad ? "bad" : "good")}\">{HtmlText.Escape(reply.Badge)}</span>";

    private static string Pre(string text) => text.AsSpan().Trim().IsEmpty ? "<i>(empty)</i>" : HtmlText.Escape(HtmlText.Shorten(text, MaxTextLength));
}
