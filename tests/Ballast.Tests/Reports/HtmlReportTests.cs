using System.Xml.Linq;
using Ballast.Reports;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Reports;

public class HtmlReportTests
{
    private const string Hostile = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> & \"quoted\" 'single' ]]> <!-- \0\u0008\uFFFE \uD800 \u202Ecod";

    [Fact]
    public void Everything_put_in_is_shown_as_text()
    {
        HtmlReport report = new HtmlReport(Hostile, Hostile)
            .Section(Hostile).Heading(Hostile).Paragraph(Hostile).Warning(Hostile).Facts([(Hostile, Hostile)]).Details(Hostile, Hostile)
            .Table(new ReportTable(Hostile).Row(ReportCell.Text(Hostile)))
            .Replies(Hostile, [new ReplyView(Hostile, Hostile, true, Hostile)])
            .Charts([new LineChart(Hostile, Hostile, Hostile, [new ChartSeries(Hostile, [new ChartPoint(0, 1), new ChartPoint(1, 2)]), new ChartSeries(Hostile, [])])]);
        XElement page = Page.Of(report);
        string shown = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> & \"quoted\" 'single' ]]> <!-- \uFFFD\uFFFD\uFFFD \uFFFD \uFFFDcod";
        Assert.Equal(shown, Assert.Single(Page.Texts(page, "h1")));
        Assert.Equal([shown, shown], Page.Texts(page, "pre"));
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("img"));
    }

    [Fact]
    public void The_page_forbids_itself_every_load()
    {
        XElement policy = Page.Of(new HtmlReport("t")).Descendants("meta").Single(meta => (string?)meta.Attribute("http-equiv") == "Content-Security-Policy");
        Assert.StartsWith("default-src 'none'", (string?)policy.Attribute("content"));
    }

    [Fact]
    public void Sections_are_listed_at_the_top_and_can_be_reached()
    {
        XElement page = Page.Of(new HtmlReport("t").Section("One").Section("Two"));
        Assert.Equal(["#s1", "#s2"], page.Descendants("nav").Single().Elements("a").Select(link => (string?)link.Attribute("href")));
        Assert.Equal(["s1", "s2"], page.Descendants("h2").Select(heading => (string?)heading.Attribute("id")));
    }

    [Fact]
    public void Empty_replies_say_so_and_endless_ones_are_cut_with_a_remark()
    {
        XElement page = Page.Of(new HtmlReport("t").Replies("p", [new ReplyView("a", "empty", false, " \n"), new ReplyView("b", "complied", true, new string('x', 7000))]));
        Assert.Equal("(empty)", Page.Texts(page, "pre")[0]);
        Assert.EndsWith("x\n[1000 more characters]", Page.Texts(page, "pre")[1]);
        Assert.Equal(["badge good", "badge bad"], page.Descendants("span").Select(badge => (string?)badge.Attribute("class")));
    }

    [Fact]
    public void A_table_keeps_its_cells_in_place_and_refuses_uneven_rows()
    {
        ReportTable table = new ReportTable("Name", "Count").Group("All").Row(ReportCell.Text("a"), ReportCell.Number(1234));
        XElement page = Page.Of(new HtmlReport("t").Table(table));
        Assert.Equal(["All", "a", "1,234"], Page.Texts(page, "td"));
        Assert.Equal("2", (string?)page.Descendants("td").First().Attribute("colspan"));
        Assert.All(new[] { "th", "td" }, tag => Assert.Equal([null, "number"], page.Descendants(tag).TakeLast(2).Select(cell => (string?)cell.Attribute("class"))));
        Assert.Equal("expected 2 cells, got 1 (Parameter 'cells')", Assert.Throws<ArgumentException>(() => table.Row(ReportCell.Text("a"))).Message);
    }

    [Fact]
    public void A_page_is_saved_whole_and_a_bad_place_is_one_clear_line()
    {
        string folder = Shared.TemporaryFolder();
        string path = Path.Combine(folder, "report.html");
        new HtmlReport("t").Save(path);
        Assert.Equal([path], Directory.GetFiles(folder));
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(path));
        string nowhere = Path.Combine(folder, "no", "report.html");
        Assert.StartsWith($"{nowhere}: cannot be written", Assert.Throws<RunException>(() => new HtmlReport("t").Save(nowhere)).Message);
    }
}
