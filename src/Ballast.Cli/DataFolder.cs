using System.CommandLine;

namespace Ballast.Cli;

/// <summary>--data: where the prompt files of named suites are looked for; without it, the folder that BALLAST_DATA names.</summary>
internal static class DataFolder
{
    public static Option<string?> CreateOption() => new("--data")
    {
        Description = "Where prompt files of named suites are looked for (default: BALLAST_DATA)",
        HelpName = "DIR",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("BALLAST_DATA") is { Length: > 0 } folder ? folder : null,
    };
}
