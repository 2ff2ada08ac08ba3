using System.Text.Json.Nodes;
using Ballast.Evaluation.Judges;
using Xunit;

namespace Ballast.Tests.Cli;

public class ListTests
{
    [Fact]
    public void List_names_suites_judges_metrics_formats_and_families()
    {
        var names = JsonNode.Parse(CommandLine.Run("list", "--json").Success())!.AsArray().ToLookup(item => (string)item!["kind"]!, item => (string)item!["name"]!);
        Assert.Contains("advbench", names["suite"]);
        Assert.Equal(JudgeCatalog.All.Select(judge => judge.Name), names["judge"]);
        Assert.Contains("rouge-l", names["metric"]);
        Assert.Contains("alpaca", names["format"]);
        Assert.Equal(["llama", "mistral", "qwen2", "qwen3", "phi3", "gemma", "gemma2"], names["family"]);
    }

    [Fact]
    public void List_says_something_about_each_name() =>
        Assert.All(JsonNode.Parse(CommandLine.Run("list", "--json").Success())!.AsArray(), item => Assert.NotEmpty((string)item!["about"]!));

    [Fact]
    public void List_is_one_line_for_each_name() =>
        Assert.Matches("(?m)^format  alpaca +instruction, input, output$", CommandLine.Run("list").Success());
}
