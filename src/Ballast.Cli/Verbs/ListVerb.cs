using System.CommandLine;
using System.Text.Json.Nodes;
using Ballast.Data.Formats;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;
using Ballast.Merging.Methods;
using Ballast.Models.Families;

namespace Ballast.Cli.Verbs;

/// <summary>list: the names that recipes and options take.</summary>
internal static class ListVerb
{
    public static Command Create(Terminal terminal)
    {
        var json = JsonOption.Create();
        var command = new Verb("list", "List suites, judges, metrics, data formats, merge methods, model families and recipes.",
            "ballast list --json") { json };
        command.SetAction(parse =>
        {
            (string Kind, string Name, string About)[] all =
            [
                .. NamedSuite.All.Select(suite => ("suite", suite.Name, $"{suite.About}; from {suite.Origin}")),
                .. JudgeCatalog.All.Select(judge => ("judge", judge.Name, judge.Rule)),
                .. TextMetric.All.Select(metric => ("metric", metric.Name, metric.About)),
                .. DataFormats.Names.Select(format => ("format", format, DataFormats.Shape(format))),
                .. NamedMethod.All.Select(method => ("merge", method.Name, $"{method.About}; {method.Origin}")),
                .. Family.All.Select(family => ("family", family.Name, family.About)),
                .. ShippedRecipes.Names.Select(recipe => ("recipe", recipe, ShippedRecipes.About(recipe))),
            ];
            if (parse.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. all.Select(item => new JsonObject { ["kind"] = item.Kind, ["name"] = item.Name, ["about"] = item.About })]));
                return ExitCode.Success;
            }

            var table = new TextTable("kind", "name", "about");
            foreach (var (kind, name, about) in all)
            {
                table.Add(kind, name, about);
            }

            table.WriteTo(terminal);
            return ExitCode.Success;
        });
        return command;
    }
}
