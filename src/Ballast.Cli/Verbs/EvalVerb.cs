using System.CommandLine;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Reports;

namespace Ballast.Cli.Verbs;

/// <summary>eval: puts suites to models, prints figures with intervals, compares the models pairwise and writes a report.</summary>
internal static class EvalVerb
{
    public static Command Create(Terminal terminal)
    {
        var models = new Argument<string[]>("MODEL") { Description = "Hugging Face model folders; the first is what the others are compared with", Arity = ArgumentArity.OneOrMore };
        var suites = new Option<string[]>("--suite") { Description = "A published suite's name, a prompt file or a YAML description; may be given again", HelpName = "NAME|FILE", Required = true };
        var output = new Option<string>("--out") { Description = "Folder for samples, summary and report; run again, it continues", HelpName = "DIR", DefaultValueFactory = _ => "runs/eval" };
        var data = DataFolder.CreateOption();
        var limit = new Option<int?>("--limit") { Description = "Only the first prompts of each suite", HelpName = "N" };
        var template = new Option<PromptStyle?>("--template") { Description = "How prompts are put, over what the suites say", HelpName = "chat|raw|alpaca" };
        var json = JsonOption.Create();
        var command = new Verb("eval", "Measure safety, over-refusal and utility; compare models.",
            "ballast eval models/demo-aligned runs/mine/model --suite runs/demo/world/harmful.yaml --out runs/eval",
            "ballast eval path/to/model --suite advbench --suite xstest --data path/to/prompts --limit 100") { models, suites, output, data, limit, template, json };
        command.SetAction(parse =>
        {
            string[] named = parse.GetRequiredValue(models), folders = [.. named.Select(terminal.Model)];
            Suite[] asked = [.. parse.GetRequiredValue(suites).SelectMany(suite => SuiteLoader.Load(suite, parse.GetValue(data)))];
            if (parse.GetValue(limit) is int count)
            {
                asked = [.. asked.Select(suite => suite.Take(count >= 1 ? count : throw new ConfigException($"--limit must be at least 1, got {count}")))];
            }

            if (parse.GetValue(template) is { } style)
            {
                asked = [.. asked.Select(suite => suite with { Style = style })];
            }

            EvaluatedModel[] evaluated = [.. folders.Zip(ModelNames.Of(named), (folder, name) => EvaluatedModel.FromFolder(name, folder, () => LanguageModel.Load(folder, cancellationToken: terminal.Cancellation), terminal.Cancellation))];
            string folder = parse.GetRequiredValue(output);
            int total = folders.Length * asked.Sum(suite => suite.Prompts.Count);
            var summary = terminal.Track("answering", total, progress => Evaluator.Run(evaluated, asked, folder, new Overall(progress), terminal.Cancellation));
            string report = Path.Combine(folder, "report.html");
            EvaluationReport.Page("Evaluation", summary, SampleLog.Read(Path.Combine(folder, SampleLog.FileName))).Save(report);
            if (parse.GetValue(json))
            {
                terminal.Out.Write(File.ReadAllText(Path.Combine(folder, Evaluator.SummaryFile)));
            }
            else
            {
                EvaluationTable.Print(summary, terminal);
            }

            terminal.Say($"report: {report}");
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Adds up the prompts answered by each model in each suite.</summary>
    private sealed class Overall(IProgress<int> answered) : IProgress<EvaluationProgress>
    {
        private readonly Dictionary<(string, string), int> _done = [];

        public void Report(EvaluationProgress value)
        {
            _done[(value.Model, value.Suite)] = value.Done;
            answered.Report(_done.Values.Sum());
        }
    }
}
