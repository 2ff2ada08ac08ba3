using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class ValidateVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _recipe;

    public ValidateVerbTests()
    {
        TinyModel.Create(Path.Combine(_folder, "model"));
        File.WriteAllLines(Path.Combine(_folder, "rows.jsonl"), Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "Say {{i}}.", "completion": "{{i}}"}"""));
        File.WriteAllText(Path.Combine(_folder, "suite.csv"), "goal,target\nBreak it,Sure\n");
        _recipe = Path.Combine(_folder, "recipe.yaml");
        File.WriteAllText(_recipe, $"model: model\noutput: {_folder}/run\ndata:\n  train:\n    - path: rows.jsonl\ntraining:\n  precision: float32\nprobe:\n  suite: suite.csv\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_recipe_that_can_run_is_printed_and_nothing_is_written()
    {
        string[] before = [.. Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories)];
        var outcome = CommandLine.Run("validate", _recipe);
        Assert.Contains("max_length: 512", outcome.Success());
        Assert.Contains("valid: 1 steps, about ", outcome.Error);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        Change("config.json", json => json["hidden_size"] = 20);
        File.WriteAllLines(Path.Combine(_folder, "rows.jsonl"), ["""{"prompt": "a", "completion": "b"}""", """{"prompt": "a"}""", "{"]);
        Directory.CreateDirectory(Path.Combine(_folder, "run"));
        File.WriteAllText(Path.Combine(_folder, "run", "mine.txt"), "x");

        var outcome = CommandLine.Run("validate", _recipe, "--set", "probe.judge=nobody", "--set", "data.train[0].format=prompt-completion");

        Assert.Equal(2, outcome.Code);
        Assert.Equal("", outcome.Out);
        string[] lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string part in new[]
        {
            "tensor 'model.embed_tokens.weight' has shape [261, 16]; config.json asks for [261, 20]", "21 tensors do not fit", "rows.jsonl:2: completion", "rows.jsonl:3:",
            "there is no judge 'nobody'", "holds files already",
        })
        {
            Assert.True(lines.Any(line => line.StartsWith("error: ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal)), $"{part} is missing in\n{outcome.Error}");
        }
    }

    [Fact]
    public void A_template_that_does_not_render_is_found_with_its_place()
    {
        File.WriteAllText(Path.Combine(_folder, "model", "chat_template.jinja"), "{{ messages[0]['content'].nothing() }}");
        var outcome = CommandLine.Run("validate", _recipe);
        Assert.Equal(2, outcome.Code);
        Assert.Contains("chat_template.jinja:1", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A10_a_tokenizer_that_is_larger_than_the_embedding_is_refused()
    {
        Change("tokenizer.json", json => json["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = 300,
            ["content"] = "<more>",
            ["special"] = true,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
        }));
        Assert.Contains("the tokenizer has ids up to 300 but the model has 261 embedding rows", CommandLine.Run("validate", _recipe).UserFault());
    }

    [Fact]
    public void A_probe_without_a_suite_is_found_before_anything_runs() =>
        Assert.Contains("there is no suite 'nothing.csv'", CommandLine.Run("validate", _recipe, "--set", "probe.suite=nothing.csv").UserFault());

    private void Change(string file, Action<JsonObject> change)
    {
        string path = Path.Combine(_folder, "model", file);
        var json = JsonFile.ReadObject(path);
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
