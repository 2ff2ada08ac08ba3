using Ballast.Configs;

namespace Ballast.Cli;

/// <summary>The recipes that come with Ballast: the files directly in configs/, inside this program.</summary>
internal static class ShippedRecipes
{
    private const string Prefix = "configs/", Ending = ".yaml";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. typeof(ShippedRecipes).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..^Ending.Length]).Order(StringComparer.Ordinal)];

    /// <summary>The text of one of them.</summary>
    /// <exception cref="ConfigException">There is none of that name.</exception>
    public static string Text(string name)
    {
        using var stream = typeof(ShippedRecipes).Assembly.GetManifestResourceStream(Prefix + name + Ending)
            ?? throw new ConfigException($"there is no recipe '{name}'; use one of {string.Join(", ", Names)}{Suggestion.For(name, Names)}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>What it is for: its first line of text.</summary>
    public static string About(string name) => Text(name).Split('\n').First(line => line.StartsWith("# ", StringComparison.Ordinal) && !line.StartsWith("# yaml-", StringComparison.Ordinal))[2..];
}
