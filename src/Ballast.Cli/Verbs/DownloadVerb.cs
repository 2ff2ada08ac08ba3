using System.CommandLine;
using Ballast.Hub;

namespace Ballast.Cli.Verbs;

/// <summary>download: fetches a model or a data set by name into the cache that other tools share; the folder goes to stdout.</summary>
internal static class DownloadVerb
{
    public static Command Create(Terminal terminal)
    {
        var repository = new Argument<string>("NAME") { Description = "owner/name, optionally @revision; of a data set also /folder/file" };
        var dataset = new Option<bool>("--dataset") { Description = "It is a data set, not a model" };
        var revision = new Option<string?>("--revision") { Description = "Branch, tag or commit (default: main)", HelpName = "R" };
        var command = new Verb("download", "Fetch a model or a data set by name; what is there already is checked for news and kept.",
            "ballast download owner/name --revision main",
            "ballast download owner/name --dataset") { repository, dataset, revision };
        command.SetAction(parse =>
        {
            string text = parse.GetRequiredValue(repository);
            bool isData = parse.GetValue(dataset);
            if (!HubName.TryParse(text, out var name) || name.Path.Length > 0 && !isData)
            {
                throw new ConfigException($"'{text}' is no name of a repository; expected owner/name or owner/name@revision");
            }

            if (parse.GetValue(revision) is string asked)
            {
                name = name.Revision is null && HubName.TryParse($"{name.Repository}@{asked}", out var pinned) && pinned.Path.Length == 0
                    ? name with { Revision = pinned.Revision }
                    : throw new ConfigException($"--revision {asked}: expected one branch, tag or commit, given once");
            }

            string folder = terminal.Hub().Download(isData ? HubKind.Dataset : HubKind.Model, name);
            terminal.Say($"{name}: commit {Path.GetFileName(folder)}");
            terminal.Out.WriteLine(folder);
            return ExitCode.Success;
        });
        return command;
    }
}
