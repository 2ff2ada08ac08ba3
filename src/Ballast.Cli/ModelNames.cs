using Ballast.Adapters;

namespace Ballast.Cli;

/// <summary>Names models by their folders: the last parts of each path, as many as it takes to tell them apart, and one more where the last is that of a result in every run, as "model".</summary>
internal static class ModelNames
{
    /// <summary>One name per folder, in order.</summary>
    /// <exception cref="ConfigException">A folder is given twice.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> folders)
    {
        for (int count = 1; count <= folders.Max(folder => Path.GetFullPath(folder).Count(c => c == '/')); count++)
        {
            string[] names = [.. folders.Select(folder => ModelName.Map(folder, part => Last(part, count)))];
            if (names.Distinct(StringComparer.Ordinal).Count() == names.Length)
            {
                return names;
            }
        }

        throw new ConfigException($"a model is given twice: {string.Join(", ", folders)}; give each folder once");
    }

    private static string Last(string folder, int count)
    {
        string[] parts = Path.GetFullPath(folder).Split('/', StringSplitOptions.RemoveEmptyEntries);
        return string.Join('/', parts.TakeLast(parts is [.., "model" or "plain" or "control-merge"] ? count + 1 : count));
    }
}
