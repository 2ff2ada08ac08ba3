using System.CommandLine;
using Ballast.Adapters;

namespace Ballast.Cli.Verbs;

/// <summary>lora combine: makes one adapter out of several.</summary>
internal static class LoraCombineVerb
{
    public static Command Create(Terminal terminal)
    {
        var adapters = new Argument<string[]>("ADAPTER") { Description = "Adapter folders of one base", Arity = ArgumentArity.OneOrMore };
        var weights = new Option<double[]>("--weight") { CustomParser = Number.Many, Description = "Weight of each adapter, in their order; given once per adapter", HelpName = "W", Required = true };
        var kind = new Option<CombineKind?>("--kind") { Description = "cat and svd are the weighted sum; linear and ties work on the factors, as PEFT's (default: cat)", HelpName = "linear|cat|svd|ties" };
        var rank = new Option<int?>("--rank") { Description = "svd: rank of the result (default: the largest given)", HelpName = "R" };
        var density = new Option<double>("--density") { CustomParser = Number.One, Description = "ties: share of each factor that is kept", HelpName = "D", DefaultValueFactory = _ => 0.5 };
        var output = new Option<string>("--out") { Description = "The adapter folder to create", HelpName = "DIR", Required = true };
        var replace = new Option<bool>("--replace") { Description = "Replace the folder if it is there" };
        var command = new Verb("combine", "Combine adapters of one base into one.",
            "ballast lora combine path/to/a path/to/b --weight 0.8 --weight 0.2 --kind svd --rank 16 --out runs/combined") { adapters, weights, kind, rank, density, output, replace };
        command.SetAction(parse =>
        {
            string folder = parse.GetRequiredValue(output);
            new AdapterCombine(parse.GetValue(kind) ?? CombineKind.Cat, parse.GetRequiredValue(weights), parse.GetValue(rank), parse.GetValue(density)).Run(parse.GetRequiredValue(adapters), folder, parse.GetValue(replace));
            terminal.Say($"{folder}: an adapter with scaling 1");
            return ExitCode.Success;
        });
        return command;
    }
}
