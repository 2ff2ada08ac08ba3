namespace Ballast.Configs;

/// <summary>Finds the files a recipe names: in the current folder, then beside the recipe.</summary>
internal sealed class RecipePaths(string recipeFolder)
{
    /// <summary>The files that are in neither place.</summary>
    public List<ConfigProblem> Problems { get; } = [];

    /// <summary>The recipe with its paths resolved; <see cref="Problems"/> holds those that were not found.</summary>
    public Recipe Resolve(Recipe recipe) => recipe with
    {
        Model = Needed("model", recipe.Model),
        Data = recipe.Data with
        {
            Train = [.. recipe.Data.Train.Select((source, i) => source with { Path = Needed($"data.train[{i}].path", source.Path) })],
            Validation = [.. recipe.Data.Validation.Select((source, i) => source with { Path = Needed($"data.validation[{i}].path", source.Path) })],
        },
        Probe = recipe.Probe is null ? null : recipe.Probe with { Suite = Find(recipe.Probe.Suite) ?? recipe.Probe.Suite },
    };

    private string Needed(string key, string path)
    {
        string? found = Find(path);
        if (found is null)
        {
            Problems.Add(new(key, Path.IsPathRooted(path) ? $"'{path}' does not exist"
                : $"'{path}' exists neither in the current folder ({Directory.GetCurrentDirectory()}) nor in the recipe's ({recipeFolder})"));
        }

        return found ?? path;
    }

    private string? Find(string path)
    {
        string beside = Path.Combine(recipeFolder, path);
        return Path.Exists(path) ? path : Path.Exists(beside) ? beside : null;
    }
}
