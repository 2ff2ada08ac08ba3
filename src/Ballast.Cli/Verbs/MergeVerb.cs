using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Merging;

namespace Ballast.Cli.Verbs;

/// <summary>merge: carries out a merge file, or interpolates the models before and after fine-tuning.</summary>
internal static class MergeVerb
{
    public static Command Create(Terminal terminal)
    {
        var config = new Argument<string?>("config") { Description = "A merge file in mergekit's form", HelpName = "CONFIG.yaml", Arity = ArgumentArity.ZeroOrOne };
        var target = new Argument<string?>("out") { Description = "The folder to create", HelpName = "OUT", Arity = ArgumentArity.ZeroOrOne };
        var aligned = new Option<string?>("--base") { Description = "Without a file: the model before fine-tuning", HelpName = "DIR" };
        var tuned = new Option<string?>("--tuned") { Description = "Without a file: the model after fine-tuning", HelpName = "DIR" };
        var lambda = new Option<double>("--lambda") { CustomParser = Number.One, Description = "Without a file: share of the tuned model, from 0 (base) to 1 (tuned)", HelpName = "L" };
        var output = new Option<string?>("--out") { Description = "Without a file: the folder to create", HelpName = "DIR" };
        var replace = new Option<bool>("--replace") { Description = "Replace the folder if it is there" };
        var seed = new Option<long>("--seed") { Description = "Seed of the random methods (default 0)", HelpName = "N" };
        var shard = new Option<string?>("--shard-size") { Description = "Largest file of weights, such as 2GiB (default 5 GB)", HelpName = "SIZE" };
        var dry = new Option<bool>("--dry-run") { Description = "Show what would be merged, with bytes and memory, and write nothing" };
        var json = JsonOption.Create();
        var command = new Verb("merge", "Merge models: by a file (merge CONFIG.yaml OUT), or (1 - L) base + L tuned (merge --base A --tuned B --lambda L --out DIR).",
            "ballast merge --base models/demo-aligned --tuned runs/mine/model --lambda 0.5 --out runs/merged",
            "ballast merge ties.yaml runs/ties --dry-run")
        {
            config, target, aligned, tuned, lambda, output, replace, seed, shard, dry, json,
        };
        command.Validators.Add(result =>
        {
            bool file = result.GetResult(config) is { Tokens.Count: > 0 };
            Option[] simple = [aligned, tuned, lambda, output];
            if (file && simple.Any(o => result.GetResult(o) is not null))
            {
                result.AddError("a merge file and --base, --tuned, --lambda, --out exclude each other");
            }
            else if (file && result.GetResult(target) is not { Tokens.Count: > 0 } && result.GetResult(dry) is null)
            {
                result.AddError("the folder to create is missing: merge CONFIG.yaml OUT");
            }
            else if (!file && result.GetResult(dry) is not null)
            {
                result.AddError("--dry-run needs a merge file");
            }
            else if (!file)
            {
                foreach (Option option in simple.Where(o => result.GetResult(o) is null))
                {
                    result.AddError($"Option '{option.Name}' is required.");
                }
            }
        });
        command.SetAction(parse =>
        {
            if (parse.GetValue(config) is not { } file)
            {
                LinearMergeOptions linear = new(parse.GetValue(lambda), MaxShardBytes: ShardBytes(parse.GetValue(shard)), Replace: parse.GetValue(replace));
                return Interpolate(terminal, terminal.Model(parse.GetValue(aligned)!), terminal.Model(parse.GetValue(tuned)!), parse.GetValue(output)!, linear, parse.GetValue(json));
            }

            MergeOptions options = new(parse.GetValue(seed), MaxShardBytes: ShardBytes(parse.GetValue(shard)), Replace: parse.GetValue(replace));
            using ModelMerge merge = ModelMerge.Open(file, terminal.Hub());
            foreach (string note in merge.Notes)
            {
                terminal.Say(note);
            }

            return parse.GetValue(dry)
                ? MergeOutput.Show(terminal, merge.Preview(options), parse.GetValue(json))
                : MergeOutput.Show(terminal, parse.GetValue(target)!, terminal.TrackShare("merging", progress => merge.Run(parse.GetValue(target)!, options, progress, terminal.Cancellation)), parse.GetValue(json));
        });
        return command;
    }

    private static int Interpolate(Terminal terminal, string aligned, string tuned, string folder, LinearMergeOptions options, bool json)
    {
        using AdapterlessFolder first = new(aligned, folder, terminal.Cancellation), last = new(tuned, folder, terminal.Cancellation);
        var summary = terminal.TrackShare("merging", progress => LinearMerge.Run(first.Path, last.Path, folder, options, progress, terminal.Cancellation));
        if (json)
        {
            terminal.WriteJson(new JsonObject { ["folder"] = folder, ["lambda"] = options.Lambda, ["parameters"] = summary.Parameters, ["relative_distance"] = summary.RelativeDistance });
        }

        terminal.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{folder}: {summary.Parameters:N0} parameters; tuning had moved the weights by {summary.RelativeDistance:P2} of their norm"));
        return ExitCode.Success;
    }

    private static long ShardBytes(string? text) => text is null ? Checkpoints.CheckpointWriter.DefaultMaxShardBytes
        : ByteSize.TryParse(text, out long bytes) && bytes > 0 ? bytes
        : throw new ConfigException($"--shard-size: expected a size such as 2GiB or 500MiB, found '{text}'");
}
