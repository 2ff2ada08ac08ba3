using System.Text.Json.Nodes;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Planning;

/// <summary>What a process with little memory says, and what one with enough takes.</summary>
public sealed class OutOfMemoryTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void E4_too_little_memory_ends_before_the_first_step_and_says_what_takes_how_much_and_what_helps()
    {
        var outcome = CommandLine.RunProcess(("BALLAST_MEMORY", "24MiB"), "tune", Recipe());

        Assert.Equal(1, outcome.Code);
        string line = Assert.Single(outcome.Error.Split('\n'), text => text.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Contains("before the first step, on the longest rows: out of memory", line, StringComparison.Ordinal);
        Assert.Contains("activations", line, StringComparison.Ordinal);
        Assert.Contains("--set training.micro_batch_size=1 (", line, StringComparison.Ordinal);
        Assert.Contains("--set training.activation_checkpointing=true (", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "run")), "nothing is written");
    }

    [Fact]
    public void A_run_with_enough_memory_takes_what_the_estimate_says()
    {
        string recipe = Recipe();
        var estimate = JsonNode.Parse(CommandLine.RunProcess("estimate", recipe, "--json").Success())!;
        CommandLine.RunProcess("tune", recipe).Success();

        var facts = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "run", "run.json")))!;
        Assert.InRange((double)estimate["memory"]!["tensors"]! / (double)facts["peak_memory"]!["tensors"]!, 0.85, 1.15);
        Assert.InRange((double)estimate["memory"]!["peak"]! / (double)facts["peak_memory"]!["process"]!, 0.85, 1.15);
        Assert.Equal((int)estimate["steps"]!, (int)facts["steps"]!);
    }

    // Two layers of width 16 over 64 rows of 200 tokens at a time.
    private string Recipe()
    {
        string model = TinyModel.Create(Path.Combine(_folder, "model")), recipe = Path.Combine(_folder, "recipe.yaml");
        string row = new JsonObject { ["prompt"] = new string('a', 20), ["completion"] = new string('b', 180) }.ToJsonString();
        File.WriteAllLines(Path.Combine(_folder, "rows.jsonl"), Enumerable.Repeat(row, 64));
        File.WriteAllText(
            recipe,
            $"model: {model}\noutput: {_folder}/run\ndata:\n  train:\n    - path: rows.jsonl\ntraining:\n  max_steps: 2\n  batch_size: 64\n  micro_batch_size: 64\n  precision: float32\n");
        return recipe;
    }
}
