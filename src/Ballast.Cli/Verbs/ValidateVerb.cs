using System.CommandLine;
using Ballast.Planning;

namespace Ballast.Cli.Verbs;

/// <summary>validate: checks a recipe and everything it names without running it; prints it with every default filled in.</summary>
internal static class ValidateVerb
{
    public static Command Create(Terminal terminal)
    {
        var recipe = RecipeArgument.Create();
        var set = RecipeArgument.CreateSet();
        var data = DataFolder.CreateOption();
        var command = new Verb("validate", "Check a recipe, its model, rows and prompts, memory and disk, without running it.",
            "ballast validate recipe.yaml") { recipe, set, data };
        command.SetAction(parse =>
        {
            var loaded = terminal.Recipe(parse.GetRequiredValue(recipe), parse.GetValue(set));
            var preflight = new Preflight(loaded, parse.GetValue(data), terminal.Cancellation);
            if (preflight.Problems() is { Count: > 0 } problems)
            {
                terminal.SayErrors(string.Join('\n', problems));
                return ExitCode.UserFault;
            }

            terminal.Out.Write(loaded.ToYaml());
            var estimate = preflight.Estimate!;
            terminal.Say($"valid: {estimate.Steps} steps, about {ByteSize.Text(estimate.PeakMemory)} of memory and {ByteSize.Text(estimate.Disk)} of disk; `ballast estimate` tells more");
            return ExitCode.Success;
        });
        return command;
    }
}
