using System.Globalization;
using System.Xml.Linq;
using Ballast.Reports;
using Xunit;

namespace Ballast.Tests.Reports;

public class ChartTests
{
    [Theory]
    [InlineData(0, 1, "0 0.2 0.4 0.6 0.8 1")]
    [InlineData(0, 7.3, "0 1 2 3 4 5 6 7 8")]
    [InlineData(2.31, 2.35, "2.31 2.32 2.33 2.34 2.35")]
    [InlineData(-3, 12, "-4 -2 0 2 4 6 8 10 12")]
    [InlineData(0, 0.00002, "0 5e-6 1e-5 1.5e-5 2e-5")]
    [InlineData(5, 5, "2 3 4 5 6 7 8")]
    [InlineData(0, 0, "-1 -0.5 0 0.5 1")]
    public void Ticks_are_round_and_cover_the_data(double min, double max, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisTicks.Of(min, max).Select(ReportNumber.Plain)));

    [Fact]
    public void A_line_chart_places_its_points_to_scale()
    {
        var chart = new LineChart("Loss", "step", "nats", [new ChartSeries("run", [new ChartPoint(0, 0), new ChartPoint(5, 10), new ChartPoint(10, 5)])]);
        XElement figure = Page.Fragment(chart.Svg());
        Assert.Equal("64,224 284,16 504,120", (string?)figure.Descendants("polyline").Single().Attribute("points"));
        Assert.Equal(["run, 0: 0", "run, 5: 10", "run, 10: 5"], figure.Descendants("circle").Select(dot => dot.Value));
        Assert.Contains("step", figure.Descendants("text").Select(label => label.Value));
        Assert.Contains("nats", figure.Descendants("text").Select(label => label.Value));
    }

    [Fact]
    public void Several_lines_have_a_legend_and_an_interval_is_a_band()
    {
        var chart = new LineChart("ASR", "step", "share", [
            new ChartSeries("a", [new ChartPoint(0, 0.5, 0.4, 0.6), new ChartPoint(1, 0.6, 0.5, 0.7)]),
            new ChartSeries("b", [new ChartPoint(0, 0.1)], 1, Dashed: true)], 0, 1);
        XElement figure = Page.Fragment(chart.Svg());
        Assert.Equal(["a", "b"], figure.Descendants("span").Select(name => name.Value));
        Assert.Equal(4, ((string)figure.Descendants("polygon").Single().Attribute("points")!).Split(' ').Length);
        Assert.Equal("a, 0: 0.5 (0.4 to 0.6)", figure.Descendants("circle").First().Value);
    }

    [Fact]
    public void Points_that_are_not_finite_are_left_out_and_nothing_at_all_is_said_in_words()
    {
        var chart = new LineChart("Loss", "step", "nats", [new ChartSeries("run", [new ChartPoint(0, double.NaN), new ChartPoint(1, double.PositiveInfinity), new ChartPoint(2, 3)])]);
        Assert.Single(Page.Fragment(chart.Svg()).Descendants("circle"));
        Assert.Equal("Loss: nothing was recorded.", Page.Fragment((chart with { Series = [] }).Svg()).Value);
    }

    [Fact]
    public void A_long_run_is_thinned_without_losing_a_spike()
    {
        ChartPoint[] points = [.. Enumerable.Range(0, 100_000).Select(i => new ChartPoint(i, i == 54_321 ? 99 : i % 7))];
        XElement figure = Page.Fragment(new LineChart("Loss", "step", "nats", [new ChartSeries("run", points)]).Svg());
        string[] drawn = ((string)figure.Descendants("polyline").Single().Attribute("points")!).Split(' ');
        Assert.InRange(drawn.Length, 500, 1300);
        Assert.True(drawn.Min(point => double.Parse(point.Split(',')[1], CultureInfo.InvariantCulture)) < 20);   // the spike reaches the top
        Assert.InRange(figure.Descendants("circle").Count(), 1, 62);
    }

    [Fact]
    public void An_interval_is_drawn_to_scale_with_its_figures_as_tooltip()
    {
        XElement picture = Page.Fragment(IntervalPicture.Svg(0.5, 0.25, 1, 0, 1, 1));
        Assert.Equal("50.0 % (25.0 to 100.0 %)", picture.Element("title")!.Value);
        Assert.Equal("75", (string?)picture.Element("circle")!.Attribute("cx"));   // 6 + 0.5 * 138
        Assert.Equal(("40.5", "103.5"), ((string?)picture.Element("rect")!.Attribute("x"), (string?)picture.Element("rect")!.Attribute("width")));
        XElement difference = Page.Fragment(IntervalPicture.Svg(-0.5, null, null, -1, 1, 0));
        Assert.Equal("-50.0 points", difference.Element("title")!.Value);
        Assert.Empty(difference.Elements("rect"));
    }

    [Theory]
    [InlineData(1.0, "1.0000")]
    [InlineData(0.0352, "0.0352")]
    [InlineData(0.00001, "< 0.0001")]
    [InlineData(null, "-")]
    public void P_values_are_never_shown_as_zero(double? p, string shown) => Assert.Equal(shown, ReportNumber.P(p));
}
