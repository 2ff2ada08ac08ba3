using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Ballast.Cli;

/// <summary>What a command writes to: results to <see cref="Out"/>, messages and progress to <see cref="Error"/>. It draws (colors, bars,
/// borders) on a terminal and writes plain lines everywhere else.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error, bool drawsOut, bool drawsError, CancellationToken cancellation)
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public TextWriter Out { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>Whether results go to a person's terminal.</summary>
    public bool DrawsOut { get; } = drawsOut;

    /// <summary>Whether messages go to a person's terminal.</summary>
    public bool DrawsError { get; } = drawsError;

    /// <summary>Cancelled by the first SIGINT or SIGTERM.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Whether the person wants colors (https://no-color.org).</summary>
    private static bool Colors => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The process's own streams, always UTF-8.</summary>
    public static Terminal OfProcess(CancellationToken cancellation)
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(
            new StreamWriter(Console.OpenStandardOutput(), utf8, bufferSize: 1 << 16),
            new StreamWriter(Console.OpenStandardError(), utf8, bufferSize: 256) { AutoFlush = true },
            drawsOut: !dumb && !Console.IsOutputRedirected,
            drawsError: !dumb && !Console.IsErrorRedirected,
            cancellation);
    }

    /// <summary>A message for the person at the terminal.</summary>
    public void Say(string message) => Error.WriteLine(message);

    /// <summary>One line per problem.</summary>
    public void SayErrors(string lines)
    {
        string label = DrawsError && Colors ? "\e[31merror:\e[0m" : "error:";
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Error.WriteLine($"{label} {line}");
        }
    }

    /// <summary>One JSON value, indented, as the only thing on stdout.</summary>
    public void WriteJson(JsonNode node)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, s_indented))
        {
            node.WriteTo(writer);
        }

        Out.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, checked((int)buffer.Length)));
    }

    /// <summary>A drawing console over stdout; only where <see cref="DrawsOut"/>.</summary>
    public IAnsiConsole OutConsole() => Drawing(Out);

    /// <summary>A drawing console over stderr; only where <see cref="DrawsError"/>.</summary>
    public IAnsiConsole ErrorConsole() => Drawing(Error);

    public void Flush()
    {
        Out.Flush();
        Error.Flush();
    }

    private static IAnsiConsole Drawing(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        Interactive = InteractionSupport.Yes,
        ColorSystem = Colors ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Out = new AnsiConsoleOutput(writer),
    });
}
