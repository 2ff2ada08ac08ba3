using System.CommandLine;

namespace Ballast.Cli;

/// <summary>A recipe and its overrides, as the verbs that read one take them.</summary>
internal static class RecipeArgument
{
    public static Argument<string> Create() => new("RECIPE") { Description = "YAML file" };

    public static Option<string[]> CreateSet() => new("--set")
    {
        Description = "Override one key, as in training.learning_rate=1e-5; may be given again",
        HelpName = "key=value",
        DefaultValueFactory = _ => [],
    };
}
