using System.CommandLine;
using Ballast.Configs;

namespace Ballast.Cli.Verbs;

/// <summary>schema: the JSON schema of recipes, for editors.</summary>
internal static class SchemaVerb
{
    public static Command Create(Terminal terminal)
    {
        var command = new Verb("schema", "Print the JSON schema of recipes, for editors that complete and check YAML.",
            "ballast schema > recipe.schema.json");
        command.SetAction(_ =>
        {
            using var docs = typeof(SchemaVerb).Assembly.GetManifestResourceStream("Ballast.xml")!;
            terminal.WriteJson(new RecipeSchema(new RecipeDocs(docs)).Build());
            return ExitCode.Success;
        });
        return command;
    }
}
