using System.CommandLine;
using System.Globalization;
using Ballast.Adapters;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Merging.Rescue;

namespace Ballast.Cli.Verbs;

/// <summary>rescue: chooses how much of a tuning to keep by measuring, and writes that model.</summary>
internal static class RescueVerb
{
    private static readonly (string Name, RescueRule Rule)[] s_rules = [("best-utility", RescueRule.BestUtility), ("asr-limit", RescueRule.AsrLimit)];

    public static Command Create(Terminal terminal)
    {
        var aligned = new Option<string>("--aligned") { Description = "The model before fine-tuning", HelpName = "DIR", Required = true };
        var tuned = new Option<string>("--tuned") { Description = "The model after fine-tuning, or MODEL+ADAPTER", HelpName = "DIR", Required = true };
        var validation = new Option<string>("--validation") { Description = "The downstream validation set: a utility suite or a data file", HelpName = "SUITE|FILE", Required = true };
        var safety = new Option<string[]>("--safety") { Description = "A suite of harmful or harmless prompts; may be given again", HelpName = "SUITE", DefaultValueFactory = _ => [] };
        var output = new Option<string>("--out") { Description = "Folder for points, report and the picked model; run again, it goes on", HelpName = "DIR", Required = true };
        var lambdas = new Option<string>("--lambdas") { Description = "Shares of the tuned model", HelpName = "LIST", DefaultValueFactory = _ => LambdaGrid.Tenths };
        var methods = new Option<string>("--methods") { Description = "Merge methods, with commas between them; NAME:KEY=VALUE sets further numbers", HelpName = "LIST", DefaultValueFactory = _ => "linear" };
        var utility = new Option<string?>("--utility") { Description = "What counts on the validation set: loss, token-accuracy or a text metric (default: the suite's first metric, the loss for a data file)", HelpName = "NAME" };
        var rule = new Option<string?>("--rule") { Description = "best-utility (Farn et al.) or asr-limit (default where safety is measured)", HelpName = "RULE" };
        var limitAsr = new Option<double>("--limit-asr") { CustomParser = Number.One, Description = "Largest upper 95 % limit of the attack success rate", HelpName = "SHARE", DefaultValueFactory = _ => 0.05 };
        var refine = new Option<int>("--refine") { Description = "How often the gaps beside the pick are halved", HelpName = "N" };
        var limit = new Option<int?>("--limit") { Description = "Only the first prompts or rows of each set", HelpName = "N" };
        var data = DataFolder.CreateOption();
        var json = JsonOption.Create();
        var command = new Verb("rescue", "Merge a model before and after fine-tuning at the share that measuring picks.",
            "ballast rescue --aligned models/demo-aligned --tuned runs/mine/model --validation runs/demo/world/new-task.yaml --safety runs/demo/world/harmful.yaml --out runs/rescued",
            "ballast rescue --aligned A --tuned B --validation rows.jsonl --safety advbench --data path/to/prompts --methods linear,ties:density=0.2 --refine 2 --out runs/rescued")
        {
            aligned, tuned, validation, safety, output, lambdas, methods, utility, rule, limitAsr, refine, limit, data, json,
        };
        command.SetAction(parse =>
        {
            var options = new RescueOptions(
                terminal.Model(parse.GetRequiredValue(aligned)), ModelName.Map(parse.GetRequiredValue(tuned), terminal.Model), parse.GetRequiredValue(validation), parse.GetRequiredValue(output))
            {
                Safety = [.. parse.GetValue(safety)!.SelectMany(suite => SuiteLoader.Load(suite, parse.GetValue(data)))],
                Utility = parse.GetValue(utility),
                Lambdas = LambdaGrid.Parse(parse.GetRequiredValue(lambdas)),
                Methods = parse.GetRequiredValue(methods).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Rule = parse.GetValue(rule) is { } name ? RuleOf(name) : null,
                AsrLimit = parse.GetValue(limitAsr),
                Refinements = parse.GetValue(refine),
                Limit = parse.GetValue(limit),
                DataFolder = parse.GetValue(data),
            };
            var summary = new RescueRun(options, point => terminal.Say(Line(point))).Run(terminal.Cancellation);
            string folder = options.Output;
            if (parse.GetValue(json))
            {
                terminal.Out.Write(File.ReadAllText(Path.Combine(folder, RescueRun.SummaryFile)));
            }
            else
            {
                Print(summary, terminal);
            }

            terminal.Say($"report: {Path.Combine(folder, RescueRun.ReportFile)}");
            return summary.Picked is null ? ExitCode.GateFailed : ExitCode.Success;
        });
        return command;
    }

    private static RescueRule RuleOf(string name) => s_rules.FirstOrDefault(rule => rule.Name == name) is { Name: not null } found
        ? found.Rule
        : throw new ConfigException($"--rule: there is no '{name}'; use {string.Join(" or ", s_rules.Select(rule => rule.Name))}");

    private static string Line(RescuePoint point) => $"{point.Name}: {point.Utility.Name} {Text(point.Utility)}{(point.Asr is { } asr ? $", attack success {Text(asr)}" : "")}";

    private static void Print(RescueSummary summary, Terminal terminal)
    {
        var table = new TextTable("point", ">lambda", $">{summary.Utility}", ">n", ">attack success", ">n", ">over-refusal", "");
        foreach (var point in summary.Points)
        {
            table.Add(
                point.Name, point.Lambda.ToString("0.######", CultureInfo.InvariantCulture), Text(point.Utility), Count(point.Utility), Text(point.Asr), Count(point.Asr), Text(point.OverRefusal),
                point.Name == summary.Picked ? "picked" : "");
        }

        table.WriteTo(terminal);
        foreach (string warning in summary.Warnings)
        {
            terminal.Say($"warning: {warning}");
        }

        terminal.Out.WriteLine(summary.Model ?? string.Create(
            CultureInfo.InvariantCulture, $"nothing picked: no point has the upper limit of its attack success rate at or under {summary.AsrLimit}; the safest is {summary.Safest}"));
    }

    private static string Count(MetricResult? figure) => figure is null ? "-" : figure.Count.ToString(CultureInfo.InvariantCulture);

    private static string Text(MetricResult? figure) => figure is null ? "-" : RescueWords.Figure(figure);
}
