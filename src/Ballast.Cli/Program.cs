using System.CommandLine;
using Ballast.Cli.Verbs;

namespace Ballast.Cli;

/// <summary>The command line: lists the verbs, parses the arguments, runs one verb and maps its end to an exit code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        using var interruption = new Interruption();
        var terminal = Terminal.OfProcess(interruption.Token);
        int code = Run(args, terminal);
        terminal.Flush();
        return code == ExitCode.Interrupted ? interruption.ExitCode : code;
    }

    /// <summary>One invocation from its arguments to its exit code; tests call it with a terminal of their own.</summary>
    internal static int Run(string[] args, Terminal terminal)
    {
        // Without a replacer an argument that begins with '@' is text, not the name of a file with more arguments.
        var parse = Root(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0)
        {
            return UsageError.Report(parse, terminal);
        }

        try
        {
            // Synchronous, without the parser's own handlers: signals are Interruption's and faults are Fault's business.
            return parse.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Out,
                Error = terminal.Error,
            });
        }
        catch (Exception fault)
        {
            return Fault.Report(fault, terminal);
        }
    }

    /// <summary>Every verb.</summary>
    internal static Command Root(Terminal terminal) => new Verb(
        "ballast", "Fine-tunes an aligned language model and keeps it aligned.",
        "ballast demo", "ballast init path/to/model rows.jsonl", "ballast tune recipe.yaml --out runs/mine", "ballast eval path/to/model runs/mine/model --suite advbench --data path/to/prompts")
    {
        DemoVerb.Create(terminal),
        TuneVerb.Create(terminal),
        ReportVerb.Create(terminal),
        EvalVerb.Create(terminal),
        GenerateVerb.Create(terminal),
        MergeVerb.Create(terminal),
        RescueVerb.Create(terminal),
        LoraVerb.Create(terminal),
        InspectVerb.Create(terminal),
        InitVerb.Create(terminal),
        ValidateVerb.Create(terminal),
        EstimateVerb.Create(terminal),
        SchemaVerb.Create(terminal),
        DownloadVerb.Create(terminal),
        DoctorVerb.Create(terminal),
        ListVerb.Create(terminal),
        Verb.Help(terminal),
        new VersionOption(),
    };
}
