using Ballast.Adapters;
using Ballast.Hub;

namespace Ballast.Configs;

/// <summary>Finds the files a recipe names: in the current folder, then beside the recipe, then, where the name can be one, on the hub.</summary>
internal sealed class RecipePaths(string recipeFolder, HubLibrary? hub)
{
    /// <summary>What was not found.</summary>
    public List<ConfigProblem> Problems { get; } = [];

    /// <summary>The recipe with its paths resolved; <see cref="Problems"/> holds those that were not found.</summary>
    public Recipe Resolve(Recipe recipe) => recipe with
    {
        Model = Path.Exists(recipe.Model) ? recipe.Model : ModelName.Map(recipe.Model, Model),
        Data = recipe.Data with
        {
            Train = [.. recipe.Data.Train.SelectMany((source, i) => Rows(source, $"data.train[{i}]"))],
            Validation = [.. recipe.Data.Validation.SelectMany((source, i) => Rows(source, $"data.validation[{i}]"))],
        },
        Probe = recipe.Probe is null ? null : recipe.Probe with { Suite = Find(recipe.Probe.Suite) ?? recipe.Probe.Suite },
    };

    private string Model(string path) => Find(path) ?? Fetched("model", path, name => name.Path.Length == 0 ? hub!.Model(name) : null) ?? path;

    // One source per file: a data set on the hub, or a folder, may have several.
    private IEnumerable<DataSource> Rows(DataSource source, string key)
    {
        string path = Find(source.Path) ?? "";
        var files = path.Length > 0 && !Directory.Exists(path) ? [path] : path.Length > 0 ? InFolder(path, key) : Fetched($"{key}.path", source.Path, name => hub!.DataFiles(name));
        if (files?.Count > 1 && source.MaxRows is not null)
        {
            Problems.Add(new($"{key}.max_rows", $"'{source.Path}' has {files.Count} files; name one of them, so that it is plain which rows are the first"));
        }

        return (files ?? [source.Path]).Select(file => source with { Path = file });
    }

    private IReadOnlyList<string>? InFolder(string folder, string key)
    {
        try
        {
            var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file));
            return [.. DataFiles.Choose(files, "", folder).Select(file => Path.Combine(folder, file))];
        }
        catch (Exception fault) when (fault is BallastException or IOException or UnauthorizedAccessException)
        {
            Problems.Add(new($"{key}.path", fault.Message));
            return null;
        }
    }

    private T? Fetched<T>(string key, string path, Func<HubName, T?> fetch) where T : class
    {
        T? found = null;
        try
        {
            found = hub is not null && HubName.Means(path, out var name) ? fetch(name) : null;
            if (found is null)
            {
                Problems.Add(new(key, Path.IsPathRooted(path) ? $"'{path}' does not exist"
                    : $"'{path}' exists neither in the current folder ({Directory.GetCurrentDirectory()}) nor in the recipe's ({recipeFolder})"));
            }
        }
        catch (BallastException fault)
        {
            Problems.Add(new(key, fault.Message));
        }

        return found;
    }

    private string? Find(string path)
    {
        string beside = Path.Combine(recipeFolder, path);
        return Path.Exists(path) ? path : Path.Exists(beside) ? beside : null;
    }
}
