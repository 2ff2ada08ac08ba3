using System.CommandLine;
using System.Text.RegularExpressions;
using Ballast.Configs;

namespace Ballast.Cli;

/// <summary>Reports arguments that do not parse: one line per problem, exit code 2.</summary>
internal static partial class UsageError
{
    public static int Report(ParseResult parse, Terminal terminal)
    {
        var command = parse.CommandResult.Command;
        string path = Path(command);
        foreach (string problem in Problems(parse, command))
        {
            terminal.SayErrors($"{problem}; '{path} --help' shows what it takes");
        }

        return ExitCode.UserFault;
    }

    private static string Path(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;

    private static IEnumerable<string> Problems(ParseResult parse, Command command)
    {
        if (command.Subcommands.Count == 0)
        {
            return parse.Errors.Select(e => InPlainWords(e.Message)).Distinct();
        }

        string[] verbs = [.. command.Subcommands.Select(c => c.Name)];
        string list = string.Join(", ", verbs);
        return [parse.UnmatchedTokens is [var token, ..] ? $"'{token}' is none of {list}{Suggestion.For(token, verbs)}" : $"'{command.Name}' needs one of {list}"];
    }

    private static string InPlainWords(string message)
    {
        string line = message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        return Unreadable().Match(line) is { Success: true } match
            ? $"{match.Groups["name"]}: expected {Expected(match.Groups["type"].Value, match.Groups["names"].Value)}, found '{match.Groups["found"]}'"
            : line;
    }

    private static string Expected(string type, string names) =>
        names.Length > 0 ? string.Join(", ", names.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant()
        : type.Contains("UInt", StringComparison.Ordinal) ? "a whole number, 0 or above"
        : type.Contains("Int", StringComparison.Ordinal) ? "a whole number"
        : "another value";

    // The parser's own words name .NET types.
    [GeneratedRegex(@"^Cannot parse argument '(?<found>.*)' for \w+ '(?<name>.*)' as expected type '(?<type>.*?)'\.?(?: Did you mean one of the following\?(?<names>.*))?$")]
    private static partial Regex Unreadable();
}
