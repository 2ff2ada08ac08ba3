using System.CommandLine;
using System.CommandLine.Parsing;
using Ballast.Cli;
using Xunit;

namespace Ballast.Tests.Cli;

public class HelpTests
{
    private static readonly Command s_root = Program.Root(new Terminal(TextWriter.Null, TextWriter.Null, false, false, CancellationToken.None));

    public static TheoryData<string> Verbs => [.. Leaves(s_root).Select(Path)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_shows_examples_that_parse(string path)
    {
        string[] shown = CommandLine.Run([.. path.Split(' ')[1..], "--help"]).Success().Split("Examples:\n")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.All(shown, example =>
        {
            Assert.StartsWith(path, example);
            Assert.Empty(s_root.Parse([.. CommandLineParser.SplitCommandLine(example.Split('>')[0]).Skip(1)]).Errors);
        });
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Descriptions_are_sentences_and_no_type_of_the_program_is_shown(string path)
    {
        string help = CommandLine.Run([.. path.Split(' ')[1..], "--help"]).Success();
        Assert.EndsWith(".", help.Split('\n')[1]);
        Assert.DoesNotMatch(@"System\.|Ballast\.\w|\[default: (True|False|[A-Z])", help);
    }

    [Fact]
    public void Help_of_the_root_names_the_exit_codes()
    {
        string help = CommandLine.Run("--help").Success();
        Assert.All([0, 1, 2, ExitCode.GateFailed, ExitCode.Interrupted, ExitCode.Terminated], code => Assert.Matches($"(?m)^  {code} +\\w", help));
    }

    private static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    private static string Path(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;
}
