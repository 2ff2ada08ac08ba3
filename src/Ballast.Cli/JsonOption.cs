using System.CommandLine;

namespace Ballast.Cli;

/// <summary>--json: the result as one JSON value on stdout, for scripts.</summary>
internal static class JsonOption
{
    public static Option<bool> Create() => new("--json") { Description = "Write the result as JSON" };
}
