using System.Text.Json.Nodes;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Xunit;

namespace Ballast.Tests.Evaluation.Suites;

public class SuiteTests
{
    private static readonly Suite s_suite = new("s", SuiteKind.Utility, [new("1", "Hi", ["Hello"]), new("2", "Bye", ["Ciao"])]);

    [Fact]
    public void J9_The_hash_changes_with_everything_that_shapes_an_answer_or_its_score()
    {
        Suite[] others =
        [
            s_suite with { Name = "t" },
            s_suite with { Kind = SuiteKind.Benign },
            s_suite.Take(1),
            s_suite with { Prompts = [new("1", "Hi", ["Hello"]), new("3", "Bye", ["Ciao"])] },
            s_suite with { Prompts = [new("1", "Hi!", ["Hello"]), new("2", "Bye", ["Ciao"])] },
            s_suite with { Prompts = [new("1", "Hi", ["Hello", "Hey"]), new("2", "Bye", ["Ciao"])] },
            s_suite with { System = "Be brief." },
            s_suite with { System = "" },
            s_suite with { TemplateVariables = new JsonObject { ["date_string"] = "1 Jan" } },
            s_suite with { Style = PromptStyle.Raw },
            s_suite with { Generation = new GenerationOptions(MaxNewTokens: 255) },
            s_suite with { Generation = new GenerationOptions(Temperature: 0.5) },
            s_suite with { Generation = new GenerationOptions(TopP: 0.9) },
            s_suite with { Generation = new GenerationOptions(Seed: 1) },
        ];
        Assert.Equal(others.Length + 1, others.Append(s_suite).Select(suite => suite.Hash()).Distinct().Count());
        Assert.Equal(s_suite.Hash(), (s_suite with { Generation = new GenerationOptions(BatchSize: 1) }).Hash());
    }

    [Fact]
    public void Taking_the_first_prompts_keeps_their_ids() => Assert.Equal(["1"], s_suite.Take(1).Prompts.Select(prompt => prompt.Id));

    [Fact]
    public void Taking_the_first_prompts_is_said_where_the_suite_came_from()
    {
        var read = s_suite with { Source = new SuiteSource("s.csv", "00", "goal", "all rows") };
        Assert.Equal("all rows, of them the first 1 of 2", read.Take(1).Source!.Selection);
        Assert.Equal("all rows", read.Take(2).Source!.Selection);
    }
}
