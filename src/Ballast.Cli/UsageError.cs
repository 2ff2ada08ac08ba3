using System.CommandLine;

namespace Ballast.Cli;

/// <summary>Reports arguments that do not parse: one line per problem, exit code 2.</summary>
internal static class UsageError
{
    public static int Report(ParseResult parse, Terminal terminal)
    {
        var command = parse.CommandResult.Command;
        string path = string.Join(' ', command.Parents.OfType<Command>().Append(command).Select(c => c.Name));
        foreach (var error in parse.Errors.DistinctBy(e => e.Message))
        {
            string message = error.Message.ReplaceLineEndings(" ").TrimEnd('.');
            terminal.SayErrors($"{message}; '{path} --help' shows what it takes");
        }

        return ExitCode.UserFault;
    }
}
