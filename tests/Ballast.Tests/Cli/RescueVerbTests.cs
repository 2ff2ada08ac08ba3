using System.Text.Json.Nodes;
using Ballast.Tests.Merging.Rescue;
using Xunit;

namespace Ballast.Tests.Cli;

public class RescueVerbTests
{
    private readonly RescueFolder _folder = new();

    private string[] Arguments =>
        ["rescue", "--aligned", _folder.Aligned, "--tuned", _folder.Tuned, "--validation", _folder.In("task.yaml"), "--safety", _folder.In("harmful.yaml"), "--lambdas", "0,0.5,...,1", "--out", _folder.Output];

    [Fact]
    public void Rescue_prints_every_point_and_the_model()
    {
        var outcome = CommandLine.Run([.. Arguments, "--limit-asr", "1"]);
        string text = outcome.Success();
        Assert.Matches(@"(?m)^linear-0\.5 +0\.5 +\d+\.\d % \(\d+\.\d to \d+\.\d %\) +5 ", text);
        Assert.EndsWith(Path.Combine(_folder.Output, "model") + "\n", text);
        Assert.Contains("linear-0.5: task/rouge-1", outcome.Error);
        Assert.Contains("report: ", outcome.Error);
    }

    [Fact]
    public void Nothing_under_the_limit_is_a_failed_gate()
    {
        var outcome = CommandLine.Run([.. Arguments, "--limit-asr", "0.001", "--json"]);
        Assert.Equal(100, outcome.Code);
        var summary = JsonNode.Parse(outcome.Out)!;
        Assert.Null(summary["picked"]);
        Assert.Equal(3, summary["points"]!.AsArray().Count);
        Assert.NotNull((string?)summary["safest"]);
        Assert.True(File.Exists(Path.Combine(_folder.Output, "report.html")));
    }

    [Fact]
    public void Bad_input_is_one_line()
    {
        Assert.Contains("there is no 'best'", CommandLine.Run([.. Arguments, "--rule", "best"]).UserFault());
        Assert.Contains("in [0, 1], got 2", CommandLine.Run([.. Arguments[..^4], "--lambdas", "2", "--out", _folder.Output]).UserFault());
        Assert.Contains("/nowhere", CommandLine.Run(["rescue", "--aligned", "/nowhere", .. Arguments[3..]]).UserFault());
        Assert.Contains("--validation", CommandLine.Run("rescue", "--aligned", _folder.Aligned, "--tuned", _folder.Tuned, "--out", _folder.Output).UserFault());
        Assert.False(Directory.Exists(_folder.Output));
    }
}
