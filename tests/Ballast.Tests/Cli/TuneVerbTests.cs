using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class TuneVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _recipe;

    public TuneVerbTests()
    {
        TinyModel.Create(Path.Combine(_folder, "model"));
        File.WriteAllLines(Path.Combine(_folder, "rows.jsonl"), Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "Say {{i}}.", "completion": "{{i}}"}"""));
        _recipe = Path.Combine(_folder, "recipe.yaml");
        File.WriteAllText(_recipe, $"""
            model: model
            output: {_folder}/run
            data:
              train:
                - path: rows.jsonl
              max_length: 64
            training:
              learning_rate: 1.0e-02
              batch_size: 4
              micro_batch_size: 2
              max_steps: 6
            """);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Tune_leaves_a_run_folder_that_repeats_the_run()
    {
        string first = CommandLine.Run("tune", _recipe, "--out", Path.Combine(_folder, "first")).Success().TrimEnd();
        Assert.Equal(Path.Combine(_folder, "first", "model"), first);
        Assert.Equal(6, File.ReadAllLines(Path.Combine(_folder, "first", "metrics.jsonl")).Length);
        var facts = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "first", "run.json")))!;
        Assert.Equal(Hash(Path.Combine(_folder, "model")), (string)facts["base_model_sha256"]!);
        Assert.NotNull(facts["versions"]);
        Assert.Equal(64, ((string)facts["train"]!["rows_sha256"]!).Length);
        string precision = (string)facts["precision"]! == "BF16" ? "bfloat16" : "float32";
        Assert.Contains($"precision: {precision}", File.ReadAllText(Path.Combine(_folder, "first", "recipe.yaml")));

        string again = CommandLine.Run("tune", Path.Combine(_folder, "first", "recipe.yaml"), "--out", Path.Combine(_folder, "again")).Success().TrimEnd();
        Assert.Equal(Hash(first), Hash(again));
        Assert.NotEqual(Hash(Path.Combine(_folder, "model")), Hash(again));
    }

    [Fact]
    public void Tune_shows_the_format_the_first_row_and_the_loss()
    {
        var outcome = CommandLine.Run("tune", _recipe);
        outcome.Success();
        Assert.Contains("rows.jsonl: 12 rows of format prompt-completion", outcome.Error);
        Assert.Contains("first row (", outcome.Error);
        Assert.Contains("Say 0.", outcome.Error);
        Assert.Contains("step 6/6  loss ", outcome.Error);
    }

    [Fact]
    public void Tune_draws_a_bar_on_a_terminal_and_ends_the_same()
    {
        var outcome = CommandLine.Run(drawing: true, "tune", _recipe);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("\e[", outcome.Error);
        Assert.Contains("6 steps, ", outcome.Error);
    }

    [Fact]
    public void Tune_takes_overrides_and_keeps_them_in_the_resolved_recipe()
    {
        CommandLine.Run("tune", _recipe, "--set", "training.max_steps=2", "--set", "training.seed=7").Success();
        Assert.Contains("max_steps: 2", File.ReadAllText(Path.Combine(_folder, "run", "recipe.yaml")));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_folder, "run", "metrics.jsonl")).Length);
    }

    [Theory]
    [InlineData("training.seeed=1", "did you mean 'seed'?")]
    [InlineData("training.max_steps=-1", "max_steps")]
    [InlineData("data.train[0].path=nowhere.jsonl", "nowhere.jsonl")]
    [InlineData("model=nowhere", "nowhere")]
    [InlineData("nonsense", "nonsense")]
    public void Tune_validate_and_inspect_name_a_fault_of_the_recipe(string change, string said)
    {
        Assert.Contains(said, CommandLine.Run("tune", _recipe, "--set", change).UserFault());
        Assert.Contains(said, CommandLine.Run("validate", _recipe, "--set", change).UserFault());
        Assert.Contains(said, CommandLine.Run("inspect", "data", _recipe, "--set", change).UserFault());
        Assert.False(Directory.Exists(Path.Combine(_folder, "run")));
    }

    [Fact]
    public void F1_a_malformed_row_is_named_with_file_and_line()
    {
        File.AppendAllText(Path.Combine(_folder, "rows.jsonl"), "{\"prompt\": 3}\n");
        Assert.Contains("rows.jsonl:13", CommandLine.Run("tune", _recipe).UserFault());
    }

    [Fact]
    public void Validate_prints_the_recipe_with_its_defaults()
    {
        string yaml = CommandLine.Run("validate", _recipe, "--set", "training.batch_size=8").Success();
        Assert.Contains("  batch_size: 8\n", yaml);
        Assert.Contains("  weight_decay: 0", yaml);
    }

    [Fact]
    public void Inspect_data_gives_every_token_with_its_label()
    {
        var row = JsonNode.Parse(CommandLine.Run("inspect", "data", _recipe, "--rows", "1", "--json").Success())!.AsArray().Single()!;
        int[] ids = [.. row["input_ids"]!.AsArray().Select(id => (int)id!)];
        int[] labels = [.. row["labels"]!.AsArray().Select(id => (int)id!)];
        Assert.Equal("0</s>", string.Concat(row["tokens"]!.AsArray().Where((_, i) => labels[i] != -100).Select(text => (string)text!)));
        Assert.All(ids.Zip(labels), pair => Assert.True(pair.Second == -100 || pair.Second == pair.First));
        Assert.Matches("(?m)^ +48 +48  \"0\"$", CommandLine.Run("inspect", "data", _recipe, "--rows", "1").Success());
    }

    [Fact]
    public void Inspect_data_dims_what_is_masked_on_a_terminal()
    {
        var outcome = CommandLine.Run(drawing: true, "inspect", "data", _recipe, "--rows", "1");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("\e[2m", outcome.Out);
    }

    private static string Hash(string folder) => ModelFolder.HashWeights(folder, TestContext.Current.CancellationToken);
}
