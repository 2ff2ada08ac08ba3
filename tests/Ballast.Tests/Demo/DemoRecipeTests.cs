using Ballast.Configs;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Demo;

public class DemoRecipeTests
{
    private static readonly string s_folder = Path.Combine(Shared.Root, "configs", "demo");

    public static TheoryData<string> Recipes => [.. Directory.GetFiles(s_folder, "*.yaml").Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Every_recipe_of_the_demo_is_valid(string name) => Assert.Equal($"runs/demo/{name}", Read(name).Output);

    [Theory]
    [InlineData("ema-shadow")]
    [InlineData("ema-feedback")]
    [InlineData("ema-every-k")]
    public void The_averages_run_at_exactly_the_aggressive_settings(string name)
    {
        var (aggressive, averaged) = (Read("aggressive"), Read(name));
        Assert.Equal(aggressive.Training, averaged.Training);
        Assert.Equal(aggressive.Data.Train, averaged.Data.Train);
        Assert.Null(aggressive.Ema);
        Assert.NotNull(averaged.Ema);
    }

    private static Recipe Read(string name) => Recipe.Parse(File.ReadAllText(Path.Combine(s_folder, $"{name}.yaml")), name);
}
