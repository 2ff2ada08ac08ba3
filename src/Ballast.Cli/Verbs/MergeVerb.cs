using System.CommandLine;
using System.Globalization;
using Ballast.Merging;

namespace Ballast.Cli.Verbs;

/// <summary>merge: interpolates the models before and after fine-tuning.</summary>
internal static class MergeVerb
{
    public static Command Create(Terminal terminal)
    {
        var aligned = new Option<string>("--base") { Description = "The model before fine-tuning", HelpName = "DIR", Required = true };
        var tuned = new Option<string>("--tuned") { Description = "The model after fine-tuning", HelpName = "DIR", Required = true };
        var lambda = new Option<double>("--lambda")
        {
            Description = "Share of the tuned model, from 0 (base) to 1 (tuned)",
            HelpName = "L",
            Required = true,
        };
        var output = new Option<string>("--out") { Description = "The folder to create", HelpName = "DIR", Required = true };
        var replace = new Option<bool>("--replace") { Description = "Replace the folder if it is there" };
        var command = new Command("merge", "Merge a model before and after fine-tuning: (1 - L) base + L tuned.") { aligned, tuned, lambda, output, replace };
        command.SetAction(parse =>
        {
            string folder = parse.GetRequiredValue(output);
            var options = new LinearMergeOptions(parse.GetValue(lambda), Replace: parse.GetValue(replace));
            var summary = terminal.TrackShare("merging", progress => LinearMerge.Run(
                parse.GetRequiredValue(aligned), parse.GetRequiredValue(tuned), folder, options, progress, terminal.Cancellation));
            terminal.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {summary.Parameters:N0} parameters; tuning had moved the weights by {summary.RelativeDistance:P2} of their norm"));
            return ExitCode.Success;
        });
        return command;
    }
}
