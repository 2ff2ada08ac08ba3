using System.CommandLine;
using Ballast.Configs;

namespace Ballast.Cli.Verbs;

/// <summary>validate: checks a recipe and the files it names without running it; prints it with every default filled in.</summary>
internal static class ValidateVerb
{
    public static Command Create(Terminal terminal)
    {
        var recipe = RecipeArgument.Create();
        var set = RecipeArgument.CreateSet();
        var command = new Command("validate", "Check a recipe and its files; print it with every default filled in.") { recipe, set };
        command.SetAction(parse =>
        {
            var loaded = terminal.Recipe(parse.GetRequiredValue(recipe), parse.GetValue(set));
            terminal.Out.Write(loaded.ToYaml());
            terminal.Say("valid");
            return ExitCode.Success;
        });
        return command;
    }
}
