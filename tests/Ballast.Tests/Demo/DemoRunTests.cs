using System.Text.Json;
using System.Text.RegularExpressions;
using Ballast.Checkpoints;
using Ballast.Demo;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Demo;

public sealed class DemoRunTests : IDisposable
{
    private static readonly string s_model = Path.Combine(Shared.Root, "models", "demo-aligned");

    private readonly string _folder = Shared.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_demo_goes_from_its_files_to_its_report()
    {
        string output = Path.Combine(_folder, "out");
        var result = new DemoRun(new DemoOptions(output, ShortRecipes(steps: 4), s_model, Seeds: 1)).Run(TestContext.Current.CancellationToken);

        Assert.Equal(9, result.Rows.Count);
        Assert.All(result.Rows, row => Assert.Equal((World.SuiteSize, 1), (row.N, row.Seeds)));
        Assert.InRange(result.Rows[0].Asr.Value, 0, 0.05);          // the shipped model refuses
        Assert.InRange(result.Rows[0].OldTask.Value, 0.9, 1);       // and knows its tasks
        Assert.Equal(0, result.Rows[0].NewTask.Value);              // but not the one to come
        Assert.Contains("What held and what did not", File.ReadAllText(result.Report), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "demo.json")));
        var first = json.RootElement[0];
        Assert.Equal("aligned", first.GetProperty("name").GetString());
        Assert.Equal(World.SuiteSize, first.GetProperty("n").GetInt32());
        Assert.Equal(result.Rows[0].Asr.High, first.GetProperty("asr_high").GetDouble());
    }

    [Fact]
    public void Rebuilding_twice_gives_the_same_bits()
    {
        string recipes = ShortRecipes(steps: 6);
        string[] hashes = [.. new[] { "a", "b" }.Select(name =>
        {
            var options = new DemoOptions(Path.Combine(_folder, name), recipes, s_model);
            string world = Path.Combine(options.Output, "world");
            WorldFolder.Write(new World(DemoOptions.WorldSeed), world);
            return ModelFolder.HashWeights(new DemoModels(options, world, null).Rebuild(CancellationToken.None));
        })];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], ModelFolder.HashWeights(s_model, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_shipped_model_speaks_the_world_s_tokens_and_is_small()
    {
        WorldFolder.Write(new World(DemoOptions.WorldSeed), Path.Combine(_folder, "world"));
        foreach (string file in new[] { "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json" })
        {
            Assert.Equal(File.ReadAllText(Path.Combine(_folder, "world", WorldFolder.UntrainedModel, file)), File.ReadAllText(Path.Combine(s_model, file)));
        }

        Assert.InRange(new DirectoryInfo(s_model).EnumerateFiles().Sum(file => file.Length), 1, 4_000_000);
    }

    [Fact]
    public void A_folder_that_holds_files_is_left_alone()
    {
        File.WriteAllText(Path.Combine(_folder, "mine.txt"), "");
        var fault = Assert.Throws<ConfigException>(() => new DemoRun(new DemoOptions(_folder, ShortRecipes(1), s_model)).Run(TestContext.Current.CancellationToken));
        Assert.Contains("holds files already", fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "mine.txt")));
    }

    [Fact]
    public void Outside_the_repository_the_demo_says_where_to_run_it()
    {
        var fault = Assert.Throws<ConfigException>(() => new DemoRun(new DemoOptions(Path.Combine(_folder, "out"), Path.Combine(_folder, "none"))).Run(TestContext.Current.CancellationToken));
        Assert.Contains("repository's root", fault.Message, StringComparison.Ordinal);
    }

    private string ShortRecipes(int steps)
    {
        string recipes = Path.Combine(_folder, "recipes");
        Directory.CreateDirectory(recipes);
        foreach (string file in Directory.GetFiles(Path.Combine(Shared.Root, "configs", "demo")))
        {
            File.WriteAllText(Path.Combine(recipes, Path.GetFileName(file)), Regex.Replace(Regex.Replace(File.ReadAllText(file), "max_steps: \\d+", $"max_steps: {steps}"), "every: 10", "every: 2"));
        }

        return recipes;
    }
}
