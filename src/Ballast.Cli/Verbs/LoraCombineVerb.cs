using System.CommandLine;
using Ballast.Adapters;

namespace Ballast.Cli.Verbs;

/// <summary>lora combine: makes one adapter out of several.</summary>
internal static class LoraCombineVerb
{
    public static Command Create(Terminal terminal)
    {
        var adapters = new Argument<string[]>("ADAPTER") { Description = "Adapter folders of one base", Arity = ArgumentArity.OneOrMore };
        var weights = new Option<double[]>("--weight") { Description = "Weight of each adapter, in their order; given once per adapter", HelpName = "W", Required = true };
        var kind = new Option<CombineKind>("--kind") { Description = "cat and svd are the weighted sum; linear and ties work on the factors, as PEFT's", HelpName = "linear|cat|svd|ties", DefaultValueFactory = _ => CombineKind.Cat };
        var rank = new Option<int?>("--rank") { Description = "svd: rank of the result (default: the largest given)", HelpName = "R" };
        var density = new Option<double>("--density") { Description = "ties: share of each factor that is kept", HelpName = "D", DefaultValueFactory = _ => 0.5 };
        var output = new Option<string>("--out") { Description = "The adapter folder to create", HelpName = "DIR", Required = true };
        var command = new Command("combine", "Combine adapters of one base into one.") { adapters, weights, kind, rank, density, output };
        command.SetAction(parse =>
        {
            string folder = parse.GetRequiredValue(output);
            new AdapterCombine(parse.GetValue(kind), parse.GetRequiredValue(weights), parse.GetValue(rank), parse.GetValue(density)).Run(parse.GetRequiredValue(adapters), folder);
            terminal.Say($"{folder}: an adapter with scaling 1");
            return ExitCode.Success;
        });
        return command;
    }
}
