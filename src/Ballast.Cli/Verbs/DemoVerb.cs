using System.CommandLine;
using System.Globalization;
using Ballast.Demo;

namespace Ballast.Cli.Verbs;

/// <summary>demo: breaks a tiny aligned model, keeps it aligned in several ways, and prints one table.</summary>
internal static class DemoVerb
{
    public static Command Create(Terminal terminal)
    {
        var defaults = new DemoOptions();
        var output = new Option<string>("--out") { Description = "Folder for the world, the runs and the report", HelpName = "DIR", DefaultValueFactory = _ => defaults.Output };
        var seeds = new Option<int>("--seeds") { Description = "Training seeds; below 3 the intervals say little", HelpName = "N", DefaultValueFactory = _ => defaults.Seeds };
        var rebuild = new Option<bool>("--rebuild-model") { Description = "Make the aligned model anew, from random weights, and use it" };
        var json = JsonOption.Create();
        var command = new Verb("demo", "Break a tiny aligned model by tuning, keep it aligned, measure both.",
            "ballast demo",
            "ballast demo --seeds 1 --out runs/quick") { output, seeds, rebuild, json };
        command.SetAction(parse =>
        {
            var options = defaults with { Output = parse.GetRequiredValue(output), Seeds = parse.GetValue(seeds), RebuildModel = parse.GetValue(rebuild) };
            var result = new DemoRun(options, terminal.Say).Run(terminal.Cancellation);
            if (parse.GetValue(json))
            {
                terminal.WriteJson(result.ToJson());
            }
            else
            {
                Print(result, terminal);
            }

            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{result.Elapsed.TotalSeconds:0} s; report: {result.Report}"));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(DemoResult result, Terminal terminal)
    {
        var first = result.Rows[0];
        var table = new TextTable("tuning", ">attack success %", ">over-refusal %", ">new task %", ">old tasks %");
        foreach (var row in result.Rows)
        {
            table.Add(row.Name, Text(row.Asr), Text(row.OverRefusal), Text(row.NewTask), Text(row.OldTask));
        }

        table.WriteTo(terminal);
        terminal.Out.WriteLine($"n = {first.N} prompts per figure, {first.Seeds} training seeds; 95 % intervals over prompts and seeds\n");
        foreach (var finding in result.Findings)
        {
            terminal.Out.WriteLine($"{finding.InWords}: {finding.Words}");
        }

        if (result.SameBits is bool same)
        {
            terminal.Out.WriteLine($"\nThe rebuilt model has {(same ? "the same bits as" : "other bits than")} the shipped one.");
        }
    }

    private static string Text(DemoFigure figure) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * figure.Value:0.0} ({100 * figure.Low:0.0} to {100 * figure.High:0.0})");
}
