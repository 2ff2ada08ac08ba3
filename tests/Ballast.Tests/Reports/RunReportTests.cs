using System.Xml.Linq;
using Ballast.Reports;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Reports;

public class RunReportTests
{
    private const string Log = """
        {"step": 1, "loss": 2.5, "learning_rate": 2e-05, "grad_norm": 1.5, "mean_token_accuracy": 0.4, "note": "text"}
        {"step": 2, "loss": 2.0, "learning_rate": 1e-05, "grad_norm": 1.25, "mean_token_accuracy": 0.5, "eval_loss": 2.25}
        {"step": 2, "asr_probe": 0.25, "asr_probe_low": 0.1, "asr_probe_high": 0.5, "ema_distance": 0.125}

        """;

    [Fact]
    public void Every_logged_curve_has_a_chart()
    {
        XElement page = Page.Of(RunReport.AddCurves(new HtmlReport("Run"), Read("run", Log)));
        Assert.Equal(["Loss", "Token accuracy", "Attack success rate during training", "Distance of the average from the weights", "Gradient norm", "Learning rate"],
            Page.Texts(page, "figcaption"));
        Assert.Contains("training, 2: 2", Page.Texts(page, "circle"));
        Assert.Contains("held out, 2: 2.25", Page.Texts(page, "circle"));
        Assert.Contains("run, 2: 25.0 % (10.0 % to 50.0 %)", Page.Texts(page, "circle"));
    }

    [Fact]
    public void Several_runs_share_their_charts()
    {
        XElement page = Page.Of(RunReport.AddCurves(new HtmlReport("Runs"), Read("plain", Log), Read("ema", "{\"step\": 1, \"loss\": 2}\n")));
        Assert.Equal(["plain, training", "plain, held out", "ema, training"], page.Descendants("figure").First().Descendants("span").Select(name => name.Value));
    }

    [Fact]
    public void A_line_that_a_killed_run_left_half_written_is_passed_over() => Assert.Equal(2, Read("run", Log + "{\"step\": 3, \"lo").Curve("loss").Count);

    [Theory]
    [InlineData("{\"loss\": 1}\n", ":1: expected an object with the number 'step'")]
    [InlineData("[1]\n", ":1: expected an object with the number 'step'")]
    [InlineData("{\"step\": 1}\nnonsense\n", ":2: not a line of metrics")]
    [InlineData("{\"step\": \"1\"}\n", ":1: not a line of metrics")]
    public void Broken_lines_are_named(string text, string message) => Assert.Contains(message, Assert.Throws<DataException>(() => Read("run", text)).Message);

    private static RunMetrics Read(string name, string text)
    {
        string path = Path.Combine(Shared.TemporaryFolder(), "metrics.jsonl");
        File.WriteAllText(path, text);
        return RunMetrics.Read(name, path);
    }
}
