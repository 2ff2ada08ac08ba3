using System.Text.Json;
using Ballast.Adapters;
using Ballast.Hub;

namespace Ballast.Configs;

/// <summary>Everything that decides a training run; written back with every default filled in, it repeats the run.</summary>
/// <param name="Model">The aligned model: a Hugging Face folder, or a name on the hub such as <c>owner/name@revision</c>; MODEL+ADAPTER: with an adapter on it.</param>
/// <param name="Output">The run folder to be made.</param>
/// <param name="Data">The rows.</param>
/// <param name="Training">The optimization; absent: its defaults.</param>
/// <param name="Ema">The average of the weights; absent: none.</param>
/// <param name="Probe">The safety probe during training; absent: none.</param>
/// <param name="Checkpoints">When the run's state is saved; absent: the defaults.</param>
/// <param name="Lora">An adapter that is trained instead of the weights; absent: the weights are trained.</param>
public sealed record Recipe(
    string Model,
    string Output,
    DataSection Data,
    TrainingSection? Training = null,
    EmaSection? Ema = null,
    ProbeSection? Probe = null,
    CheckpointSection? Checkpoints = null,
    LoraSection? Lora = null)
{
    /// <summary>The optimization.</summary>
    public TrainingSection Training { get; init; } = Training ?? new();

    /// <summary>When the run's state is saved.</summary>
    public CheckpointSection Checkpoints { get; init; } = Checkpoints ?? new();

    /// <summary>Reads a recipe, applies overrides, checks all of it and finds its files.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">Changes as <c>training.learning_rate=1e-5</c>, list items as <c>data.train[0].max_rows=100</c>; values are YAML.</param>
    /// <param name="hub">Where names such as <c>owner/name</c> are looked for; null: nowhere.</param>
    /// <returns>The recipe; model, data and suite are looked for in the current folder, then beside the recipe, then on the hub.</returns>
    /// <exception cref="ConfigException">One line for every fault, each with its place.</exception>
    public static Recipe Load(string path, IEnumerable<string>? overrides = null, HubLibrary? hub = null)
    {
        ConfigTree tree = YamlReader.Read(path);
        Recipe recipe = Bind(tree, overrides);
        var paths = new RecipePaths(Path.GetDirectoryName(Path.GetFullPath(path))!, hub);
        Recipe found = paths.Resolve(recipe);
        ConfigBinder.ThrowIfAny(tree, [.. recipe.Problems(), .. paths.Problems]);
        return found;
    }

    /// <summary>Reads a recipe from text without looking for its files.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="overrides">Changes, as in <see cref="Load"/>.</param>
    /// <exception cref="ConfigException">One line for every fault, each with its place.</exception>
    public static Recipe Parse(string text, string file, IEnumerable<string>? overrides = null)
    {
        ConfigTree tree = YamlReader.Parse(text, file);
        Recipe recipe = Bind(tree, overrides);
        ConfigBinder.ThrowIfAny(tree, [.. recipe.Problems()]);
        return recipe;
    }

    /// <summary>What is wrong with the values, all at once; empty when the recipe can run.</summary>
    public IEnumerable<ConfigProblem> Problems()
    {
        foreach ((string key, string value) in new[] { ("model", Model), ("output", Output) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return new(key, "must not be empty");
            }
        }

        foreach (ConfigProblem problem in Data.Problems().Concat(Training.Problems()).Concat(Ema?.Problems() ?? []).Concat(Probe?.Problems() ?? []).Concat(Checkpoints.Problems(this)).Concat(Lora?.Problems() ?? []))
        {
            yield return problem;
        }
    }

    /// <summary>The recipe as YAML with every default filled in; what came from the hub is named by repository and commit, not by its place in the cache.</summary>
    public string ToYaml() => YamlWriter.Write(JsonSerializer.SerializeToElement(Portable(), ConfigContext.Default.Recipe));

    private Recipe Portable() => this with
    {
        Model = ModelName.Map(Model, HubName.Shown),
        Data = Data with
        {
            Train = [.. Data.Train.Select(source => source with { Path = HubName.Shown(source.Path) })],
            Validation = [.. Data.Validation.Select(source => source with { Path = HubName.Shown(source.Path) })],
        },
    };

    private static Recipe Bind(ConfigTree tree, IEnumerable<string>? overrides)
    {
        foreach (string change in overrides ?? [])
        {
            tree.Set(ConfigOverride.Parse(change));
        }

        return ConfigBinder.Bind(tree, ConfigContext.Default.Recipe);
    }
}
