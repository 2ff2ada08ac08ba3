using System.CommandLine;
using System.Globalization;
using Ballast.Adapters;

namespace Ballast.Cli.Verbs;

/// <summary>lora merge: writes a base with an adapter merged into it, or takes one out again.</summary>
internal static class LoraMergeVerb
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL+ADAPTER") { Description = "The base's folder, a plus sign, the adapter's folder" };
        var output = new Option<string>("--out") { Description = "The model folder to create", HelpName = "DIR", Required = true };
        var scale = new Option<double>("--scale") { CustomParser = Number.One, Description = "Factor on the adapter's scaling", HelpName = "F", DefaultValueFactory = _ => 1 };
        var undo = new Option<bool>("--undo") { Description = "MODEL is merged already: take the adapter out again" };
        var replace = new Option<bool>("--replace") { Description = "Replace the folder if it is there" };
        var command = new Verb("merge", "Merge an adapter into its base: in float32, rounded once, tensor by tensor.",
            "ballast lora merge models/demo-aligned+runs/lora/model --scale 0.5 --out runs/half") { model, output, scale, undo, replace };
        command.SetAction(parse =>
        {
            string text = parse.GetRequiredValue(model), folder = parse.GetRequiredValue(output);
            var name = ModelName.Parse(terminal.Model(text));
            if (name.Adapter is null)
            {
                throw new ConfigException($"{text}: expected MODEL+ADAPTER, a base's folder, a plus sign and an adapter's folder");
            }

            double factor = parse.GetValue(scale);
            if (!double.IsFinite(factor) || parse.GetValue(undo) && factor != 1)
            {
                throw new ConfigException(double.IsFinite(factor) ? "--undo takes out what a merge with scale 1 added; leave --scale away" : $"--scale must be a number, got {factor}");
            }

            var options = new AdapterMergeOptions(factor, parse.GetValue(undo), parse.GetValue(replace));
            var summary = terminal.TrackShare("merging", progress => AdapterMergeWriter.Run(name, folder, options, progress, terminal.Cancellation));
            string measured = summary.LargestLogitChange is { } change ? string.Create(CultureInfo.InvariantCulture, $"; largest logit change against the applied adapter {change:g3}")
                : options.Undo ? "" : "; the logit change was not measured: the model does not fit in memory";
            terminal.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {summary.Parameters:N0} parameters, {summary.Changed} tensors changed{(summary.HeadUntied ? ", embedding and head are two now" : "")}{measured}"));
            return ExitCode.Success;
        });
        return command;
    }
}
