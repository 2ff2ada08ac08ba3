using Ballast.Configs;

namespace Ballast.Evaluation.Suites;

/// <summary>Finds suites: a YAML description, a prompt file of a known layout, or a name looked up in a data folder.</summary>
public static class SuiteLoader
{
    private static readonly string[] s_pairs = ["xstest", "jailbreakbench"];

    /// <summary>The suite or suites meant by one argument; a name may stand for a pair, as xstest for its safe and unsafe half.</summary>
    /// <param name="nameOrPath">A .yaml file, a prompt file (CSV, JSON or JSON lines) or the name of a published set.</param>
    /// <param name="dataFolder">Where files of named suites are looked for; null when the user named none.</param>
    /// <exception cref="BallastException">Nothing fits; the message says what was sought and where the file can be had.</exception>
    public static IReadOnlyList<Suite> Load(string nameOrPath, string? dataFolder = null)
    {
        if (Path.GetExtension(nameOrPath) is ".yaml" or ".yml")
        {
            return [SuiteFile.Load(nameOrPath)];
        }

        if (File.Exists(nameOrPath))
        {
            return Recognize(nameOrPath);
        }

        NamedSuite[] named = [.. NamedSuite.All.Where(suite => suite.Name == nameOrPath || suite.Name.StartsWith(nameOrPath + "-", StringComparison.Ordinal))];
        return named.Length > 0
            ? [.. named.Select(suite => suite.From(Open(suite, Find(suite, dataFolder))))]
            : throw new ConfigException(
                $"there is no suite '{nameOrPath}'{Suggestion.For(nameOrPath, [.. s_pairs, .. NamedSuite.All.Select(suite => suite.Name)])}: no such file, and the known names are {string.Join(", ", NamedSuite.All.Select(suite => suite.Name))}; {string.Join(" and ", s_pairs)} stand for their two halves");
    }

    private static string Find(NamedSuite suite, string? folder)
    {
        if (folder is null)
        {
            throw new ConfigException($"the prompts of '{suite.Name}' are not part of Ballast: get them from {suite.Origin} and name their folder with --data or BALLAST_DATA");
        }

        return suite.Files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new ConfigException($"{folder}: no file of the suite '{suite.Name}' (sought {string.Join(", ", suite.Files)}); get it from {suite.Origin}");
    }

    // A file found under its published name may still be the copy without header and second column that Qi et al. use.
    private static PromptTable Open(NamedSuite suite, string path)
    {
        PromptTable table = PromptTable.Read(path);
        return suite.Name == "advbench" && table.Columns.Count == 1 ? HeaderlessAdvBench(path) : table;
    }

    private static IReadOnlyList<Suite> Recognize(string path)
    {
        PromptTable table = PromptTable.Read(path);
        NamedSuite advBench = NamedSuite.All.Single(suite => suite.Name == "advbench");
        if (table.Columns.Count == 1 && HeaderlessAdvBench(path) is { } bare && bare.Rows.Count == advBench.Prompts)
        {
            return [advBench.From(bare)];
        }

        if (Is(table, "prompt", "target") && table.Columns.Count == 2)
        {
            return [advBench.From(table, new PromptSelection("prompt"))];
        }

        NamedSuite[] fits = [.. NamedSuite.All.Where(suite => Is(table, [.. suite.Signature]) && (suite.Name != "advbench" || table.Columns.Count == 2))];
        if (fits.Any(suite => suite.Name.StartsWith("jailbreakbench", StringComparison.Ordinal)))
        {
            fits = [.. fits.Where(suite => Path.GetFileName(path).Contains(suite.Kind.ToString(), StringComparison.OrdinalIgnoreCase))];
        }

        return fits.Length > 0
            ? [.. fits.Select(suite => suite.From(table))]
            : throw new ConfigException(
                $"{path}: the columns ({string.Join(", ", table.Columns)}) are of no known suite, so it is unclear what the prompts ask; " +
                "describe the file in a small YAML file with the keys name, kind (harmful, benign or utility), prompts and column");
    }

    private static PromptTable HeaderlessAdvBench(string path) => PromptTable.ReadHeaderless(path, "goal");

    private static bool Is(PromptTable table, params ReadOnlySpan<string> columns)
    {
        foreach (string column in columns)
        {
            if (table.Column(column) is null)
            {
                return false;
            }
        }

        return true;
    }
}
