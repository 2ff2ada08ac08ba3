using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ballast.Cli;

/// <summary>A verb with the examples that its help ends with.</summary>
/// <param name="name">What the user types.</param>
/// <param name="description">One sentence.</param>
/// <param name="examples">Whole command lines that parse.</param>
internal sealed class Verb(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    private const string ExitCodes =
        """

        Exit codes:
          0     success
          1     a failure while running
          2     a fault in arguments, recipe, model or data; one line on stderr for each
          100   rescue: no model keeps the limit
          130   ended by Ctrl-C with the state saved
          143   ended by SIGTERM with the state saved

        """;

    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>--help: what the parser knows, then the examples; at the root also the exit codes.</summary>
    public static HelpOption Help(Terminal terminal)
    {
        var help = new HelpOption();
        help.Action = new WithExamples((HelpAction)help.Action!, terminal);
        return help;
    }

    private sealed class WithExamples(HelpAction inner, Terminal terminal) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parse)
        {
            int code = inner.Invoke(parse);
            if (parse.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
            {
                terminal.Out.WriteLine("Examples:");
                foreach (string example in verb.Examples)
                {
                    terminal.Out.WriteLine($"  {example}");
                }

                terminal.Out.Write(verb.Parents.Any() ? "" : ExitCodes);
            }

            return code;
        }
    }
}
