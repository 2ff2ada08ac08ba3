using System.CommandLine;
using Ballast.Training;

namespace Ballast.Cli.Verbs;

/// <summary>report: draws the page of a tuning run anew, whether it is finished, interrupted or still running.</summary>
internal static class ReportVerb
{
    public static Command Create(Terminal terminal)
    {
        var run = new Argument<string>("RUN") { Description = "A run folder that tune made" };
        var json = JsonOption.Create();
        var command = new Verb("report", "Draw the page of a tuning run, finished or not: curves, probe, settings.",
            "ballast report runs/mine") { run, json };
        command.SetAction(parse =>
        {
            string folder = parse.GetRequiredValue(run);
            string page = TuneReport.Save(folder);
            if (parse.GetValue(json))
            {
                var summary = TuneReport.Summary(folder);
                summary["report"] = page;
                terminal.WriteJson(summary);
            }
            else
            {
                terminal.Out.WriteLine(page);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
