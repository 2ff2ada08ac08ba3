using System.Xml.Linq;
using Ballast.Reports;
using Xunit;

namespace Ballast.Tests.Reports;

public class FrontierChartTests
{
    private static readonly FrontierChart s_chart = new("Cost", "asr", "utility",
    [
        new FrontierSeries("linear",
        [
            new FrontierPoint("aligned", "a", 0, 0, 0.2, 0, 0, 0.2), new FrontierPoint("0.5", "b", 0.5, 0.4, 0.6, 1, 0.8, 1, Picked: true), new FrontierPoint("tuned", "c", 1, null, null, 0.5, null, null),
        ]),
    ], 0.5);

    [Fact]
    public void Points_and_both_intervals_are_drawn_to_scale()
    {
        var figure = Page.Fragment(s_chart.Svg());
        Assert.Equal("64,334 300,22 536,178", (string?)figure.Descendants("polyline").Single().Attribute("points"));
        var whiskers = figure.Descendants("line").Where(line => (string?)line.Attribute("class") == "whisker").ToArray();
        Assert.Equal(4, whiskers.Length);   // two each where there are intervals
        Assert.Equal(("252.8", "347.2", "22"), ((string?)whiskers[2].Attribute("x1"), (string?)whiskers[2].Attribute("x2"), (string?)whiskers[2].Attribute("y1")));
        Assert.Equal(("84.4", "22"), ((string?)whiskers[3].Attribute("y1"), (string?)whiskers[3].Attribute("y2")));
    }

    [Fact]
    public void The_pick_the_ends_and_the_limit_are_marked()
    {
        var figure = Page.Fragment(s_chart.Svg());
        string[] labels = [.. figure.Descendants("text").Select(text => text.Value)];
        Assert.Contains("0.5 picked", labels);
        Assert.Contains("aligned", labels);
        Assert.Contains("tuned", labels);
        Assert.Contains("limit 50.0 %", labels);
        Assert.Equal("300", (string?)Dots(figure, "ring").Single().Attribute("cx"));
        Assert.Equal(["a", "b", "c"], Dots(figure, "dot").Select(dot => dot.Value));
    }

    [Fact]
    public void Points_on_one_another_share_a_label()
    {
        var points = new[] { 0.0, 0.001, 0.002, 1 }.Select((x, i) => new FrontierPoint($"{i}", "", x, null, null, x, null, null, Picked: i == 1)).ToArray();
        string[] labels = [.. Page.Fragment(new FrontierChart("Cost", "asr", "utility", [new FrontierSeries("linear", points)]).Svg()).Descendants("text").Select(text => text.Value)];
        Assert.Contains("0 to 2, 1 picked", labels);
        Assert.Contains("3", labels);
    }

    [Fact]
    public void Rates_are_in_percent_and_a_loss_in_its_own_unit()
    {
        string[] Texts(FrontierChart chart) => [.. Page.Fragment(chart.Svg()).Descendants("text").Select(text => text.Value)];
        Assert.Contains("asr, %", Texts(s_chart));
        Assert.Contains("utility, %", Texts(s_chart));
        Assert.Equal(2, Texts(s_chart).Count(text => text == "80"));
        Assert.Contains("utility", Texts(s_chart with { LowIsUp = true }));
        Assert.Contains("0.8", Texts(s_chart with { LowIsUp = true }));
    }

    [Fact]
    public void Labels_of_near_points_keep_clear_of_one_another_and_of_the_edges()
    {
        FrontierSeries[] near = [.. Enumerable.Range(0, 4).Select(i => new FrontierSeries($"s{i}", [new FrontierPoint($"way-{i}", "", 0.95 + (0.01 * i), null, null, 0.9, null, null)], i))];
        FrontierSeries far = new("far", [new FrontierPoint("far", "", 0, null, null, 0, null, null), new FrontierPoint("end", "", 1, null, null, 1, null, null)]);
        var boxes = Page.Fragment(new FrontierChart("Cost", "asr", "utility", [far, .. near]).Svg()).Descendants("text").Where(text => text.Value.StartsWith("way-", StringComparison.Ordinal)).Select(text =>
        {
            double x = (double)text.Attribute("x")!, y = (double)text.Attribute("y")!, width = 5.8 * 5;
            double left = (string?)text.Attribute("text-anchor") == "end" ? x - width : x;
            return (Left: left, Right: left + width, Y: y);
        }).ToArray();
        Assert.Equal(4, boxes.Length);
        Assert.All(boxes, box => Assert.True(box.Right <= 537));
        Assert.All(boxes.SelectMany((a, i) => boxes.Skip(i + 1).Select(b => (a, b))), pair =>
            Assert.True(pair.a.Right <= pair.b.Left || pair.b.Right <= pair.a.Left || Math.Abs(pair.a.Y - pair.b.Y) >= 11));
    }

    [Fact]
    public void A_figure_where_low_is_good_is_turned_over()
    {
        var figure = Page.Fragment((s_chart with { LowIsUp = true }).Svg());
        Assert.Equal("64,22 300,334 536,178", (string?)figure.Descendants("polyline").Single().Attribute("points"));
    }

    [Fact]
    public void Several_methods_have_a_legend_and_one_point_is_enough()
    {
        var two = s_chart with { Series = [.. s_chart.Series, s_chart.Series[0] with { Name = "slerp", Color = 1 }] };
        Assert.Equal(["linear", "slerp"], Page.Fragment(two.Svg()).Descendants("span").Select(name => name.Value));
        var one = new FrontierChart("Cost", "asr", "utility", [new FrontierSeries("linear", [new FrontierPoint("aligned", "a", 0, null, null, 0, null, null)])]);
        Assert.Single(Dots(Page.Fragment(one.Svg()), "dot"));
    }

    private static IEnumerable<XElement> Dots(XElement figure, string look) => figure.Descendants("circle").Where(dot => (string?)dot.Attribute("class") == look);
}
