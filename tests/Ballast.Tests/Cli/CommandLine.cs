using System.Diagnostics;
using Ballast.Cli;

namespace Ballast.Tests.Cli;

/// <summary>Runs the command line as a user would: through its entry point in this process, or as a process of its own.</summary>
internal static class CommandLine
{
    /// <summary>One invocation in this process, without a terminal.</summary>
    public static Outcome Run(params string[] args) => Run(drawing: false, args);

    /// <summary>One invocation in this process; <paramref name="drawing"/>: as if both streams were a person's terminal.</summary>
    public static Outcome Run(bool drawing, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = Program.Run(args, new Terminal(output, error, drawing, drawing, CancellationToken.None));
        return new Outcome(code, output.ToString(), error.ToString());
    }

    /// <summary>A process of its own, for signals and for what only a process has.</summary>
    public static Process Start(params string[] args) => Start(("NO_COLOR", "1"), args);

    /// <summary>A process of its own with one more environment variable.</summary>
    public static Process Start((string Name, string Value) variable, params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Ballast.Cli"), args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        start.Environment[variable.Name] = variable.Value;
        return Process.Start(start)!;
    }

    /// <summary>Starts a process and waits for its end.</summary>
    public static Outcome RunProcess(params string[] args) => RunProcess(("NO_COLOR", "1"), args);

    /// <summary>The same with one more environment variable.</summary>
    public static Outcome RunProcess((string Name, string Value) variable, params string[] args)
    {
        using var process = Start(variable, args);
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Sends a signal by its name: INT, TERM.</summary>
    public static void Signal(Process process, string name)
    {
        using var kill = Process.Start("kill", ["-" + name, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
