using System.CommandLine;
using Ballast.Checkpoints;
using Ballast.Planning;

namespace Ballast.Cli.Verbs;

/// <summary>init: writes a commented recipe for a model and data, or copies a shipped one.</summary>
internal static class InitVerb
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("MODEL") { Description = "The aligned model: a folder, or a name on the hub", Arity = ArgumentArity.ZeroOrOne };
        var data = new Argument<string?>("DATA") { Description = "The rows: a file, a folder, or a name on the hub", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string>("--out") { Description = "The recipe to write; an existing file is kept", HelpName = "FILE", DefaultValueFactory = _ => "recipe.yaml" };
        var recipe = new Option<string?>("--recipe") { Description = $"Begin from a shipped recipe: {string.Join(", ", ShippedRecipes.Names)}", HelpName = "NAME" };
        var command = new Verb("init", "Write a commented recipe for a model and data; what fits is looked up.",
            "ballast init path/to/model rows.jsonl --out mine.yaml",
            "ballast init --recipe kim-2025-dolly --out kim.yaml") { model, data, output, recipe };
        command.SetAction(parse =>
        {
            string file = parse.GetRequiredValue(output);
            if (Path.Exists(file))
            {
                throw new ConfigException($"{file}: is there already; give another name with --out");
            }

            DurableFile.Write(file, Text(parse.GetValue(model), parse.GetValue(data), parse.GetValue(recipe), terminal));
            terminal.Say($"next: ballast validate {file}");
            terminal.Out.WriteLine(file);
            return ExitCode.Success;
        });
        return command;
    }

    private static string Text(string? model, string? data, string? name, Terminal terminal)
    {
        if (model is null && name is not null)
        {
            return ShippedRecipes.Text(name);
        }

        if (model is null || data is null)
        {
            throw new ConfigException($"init needs a model and data, as in ballast init path/to/model rows.jsonl; or --recipe with one of {string.Join(", ", ShippedRecipes.Names)}");
        }

        var starter = new StarterRecipe(model, data, terminal.Hub(), terminal.Cancellation);
        return name is null ? starter.Write() : starter.Adapt(ShippedRecipes.Text(name), name);
    }
}
