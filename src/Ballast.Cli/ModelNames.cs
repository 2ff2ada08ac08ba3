using Ballast.Adapters;

namespace Ballast.Cli;

/// <summary>Names models by their folders: the last parts of each path, as many as it takes to tell them apart.</summary>
internal static class ModelNames
{
    /// <summary>One name per folder, in order.</summary>
    /// <exception cref="ConfigException">A folder is given twice.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> folders)
    {
        for (int count = 1; count <= folders.Max(folder => Path.GetFullPath(folder).Count(c => c == '/')); count++)
        {
            string[] names = [.. folders.Select(folder => ModelName.Map(folder, part => string.Join('/', Path.GetFullPath(part).Split('/', StringSplitOptions.RemoveEmptyEntries).TakeLast(count))))];
            if (names.Distinct(StringComparer.Ordinal).Count() == names.Length)
            {
                return names;
            }
        }

        throw new ConfigException($"a model is given twice: {string.Join(", ", folders)}; give each folder once");
    }
}
