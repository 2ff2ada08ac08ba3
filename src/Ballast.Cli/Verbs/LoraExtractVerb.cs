using System.CommandLine;
using System.Globalization;
using Ballast.Adapters;

namespace Ballast.Cli.Verbs;

/// <summary>lora extract: makes an adapter out of the difference of two models.</summary>
internal static class LoraExtractVerb
{
    public static Command Create(Terminal terminal)
    {
        var first = new Option<string>("--base") { Description = "The model before", HelpName = "DIR", Required = true };
        var last = new Option<string>("--tuned") { Description = "The model after", HelpName = "DIR", Required = true };
        var rank = new Option<int>("--rank") { Description = "Rank of the parts", HelpName = "R", Required = true };
        var output = new Option<string>("--out") { Description = "The adapter folder to create", HelpName = "DIR", Required = true };
        var replace = new Option<bool>("--replace") { Description = "Replace the folder if it is there" };
        var command = new Verb("extract", "Make an adapter out of two models: truncated singular value decompositions of their difference.",
            "ballast lora extract --base models/demo-aligned --tuned runs/mine/model --rank 8 --out runs/extracted") { first, last, rank, output, replace };
        command.SetAction(parse =>
        {
            string folder = parse.GetRequiredValue(output);
            var modules = terminal.TrackShare("extracting", progress => AdapterExtract.Run(
                terminal.Model(parse.GetRequiredValue(first)), terminal.Model(parse.GetRequiredValue(last)), parse.GetValue(rank), folder, parse.GetValue(replace), progress, terminal.Cancellation));
            var table = new TextTable("module", ">rank", ">share kept %");
            foreach (var module in modules)
            {
                table.Add(module.Name, module.Rank.ToString(CultureInfo.InvariantCulture), (100 * module.Kept).ToString("0.00", CultureInfo.InvariantCulture));
            }

            table.WriteTo(terminal);
            terminal.Say($"{folder}: {modules.Count} modules; the share is that of the difference's squared norm");
            return ExitCode.Success;
        });
        return command;
    }
}
