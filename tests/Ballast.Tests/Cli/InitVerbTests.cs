using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class InitVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;
    private readonly string _rows;
    private readonly string _recipe;

    public InitVerbTests()
    {
        _model = TinyModel.Create(Path.Combine(_folder, "model"));
        _rows = Path.Combine(_folder, "rows.jsonl");
        _recipe = Path.Combine(_folder, "recipe.yaml");

        // The template adds "<s>", two role marks and "</s>": 4 + 1 + n tokens; 99 of 100 rows have at most 4 + 1 + 99.
        File.WriteAllLines(_rows, Enumerable.Range(1, 100).Select(n => new JsonObject { ["instruction"] = "a", ["input"] = "", ["output"] = new string('b', n) }.ToJsonString()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_written_recipe_passes_validate_and_states_what_was_found()
    {
        CommandLine.Run("init", _model, _rows, "--out", _recipe).Success();

        string text = File.ReadAllText(_recipe);
        Assert.Contains("(llama, ", text, StringComparison.Ordinal);
        Assert.Contains("format: alpaca", text, StringComparison.Ordinal);
        Assert.Contains("99 % of the rows have at most 104 tokens (median 55, longest 105)", text, StringComparison.Ordinal);
        CommandLine.Run("validate", _recipe).Success();
        var recipe = Recipe.Load(_recipe);
        Assert.Equal(128, recipe.Data.MaxLength);
        Assert.Equal(16, recipe.Training.MicroBatchSize);
        Assert.Equal(1, recipe.Ema!.HalfLife);  // 7 steps
    }

    [Fact]
    public void An_existing_file_is_kept()
    {
        File.WriteAllText(_recipe, "mine");
        Assert.Contains("is there already", CommandLine.Run("init", _model, _rows, "--out", _recipe).UserFault());
        Assert.Equal("mine", File.ReadAllText(_recipe));
    }

    [Fact]
    public void Unusable_rows_are_allowed_for_and_named()
    {
        File.AppendAllText(_rows, "{\"instruction\": \"a\"}\n");
        CommandLine.Run("init", _model, _rows, "--out", _recipe).Success();
        Assert.Contains("max_bad_rows: 1", File.ReadAllText(_recipe), StringComparison.Ordinal);
        Assert.Contains("rows.jsonl:101: output", File.ReadAllText(_recipe), StringComparison.Ordinal);
        CommandLine.Run("validate", _recipe).Success();
    }

    [Theory]
    [InlineData("qi-2023-alpaca")]
    [InlineData("kim-2025-dolly")]
    [InlineData("farn-2025-lora")]
    public void A_shipped_recipe_is_copied_or_taken_for_other_models_and_data(string name)
    {
        string copy = Path.Combine(_folder, "copy.yaml");
        CommandLine.Run("init", "--recipe", name, "--out", copy).Success();
        Assert.Equal(File.ReadAllText(Path.Combine(Shared.Root, "configs", name + ".yaml")), File.ReadAllText(copy));

        CommandLine.Run("init", _model, _rows, "--recipe", name, "--out", _recipe).Success();
        CommandLine.Run("validate", _recipe, "--set", "training.precision=float32").Success();
        var adapted = Recipe.Load(_recipe);
        Assert.Equal(Recipe.Parse(File.ReadAllText(copy), name).Training.LearningRate, adapted.Training.LearningRate);
        Assert.Equal(_rows, adapted.Data.Train[0].Path);
    }

    [Fact]
    public void Without_model_and_data_it_says_what_it_needs() => Assert.Contains("init needs a model and data", CommandLine.Run("init", "--out", _recipe).UserFault());

    [Fact]
    public void An_unknown_recipe_is_answered_with_those_there_are() => Assert.Contains("qi-2023-alpaca", CommandLine.Run("init", "--recipe", "qi-2023", "--out", _recipe).UserFault());
}
