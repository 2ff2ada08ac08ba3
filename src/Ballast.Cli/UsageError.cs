using System.CommandLine;
using Ballast.Configs;

namespace Ballast.Cli;

/// <summary>Reports arguments that do not parse: one line per problem, exit code 2.</summary>
internal static class UsageError
{
    public static int Report(ParseResult parse, Terminal terminal)
    {
        var command = parse.CommandResult.Command;
        string path = string.Join(' ', command.Parents.OfType<Command>().Append(command).Select(c => c.Name));
        foreach (string problem in Problems(parse, command))
        {
            terminal.SayErrors($"{problem}; '{path} --help' shows what it takes");
        }

        return ExitCode.UserFault;
    }

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

    private static string InPlainWords(string message) => message.ReplaceLineEndings(" ").TrimEnd('.')
        .Replace("expected type 'System.Double'", "a number", StringComparison.Ordinal)
        .Replace("expected type 'System.Int32'", "a whole number", StringComparison.Ordinal)
        .Replace("expected type 'System.UInt64'", "a whole number, 0 or above", StringComparison.Ordinal);
}
