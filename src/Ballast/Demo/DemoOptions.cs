namespace Ballast.Demo;

/// <summary>How the demo runs.</summary>
/// <param name="Output">The folder for the world, the runs and the report; must not hold files yet.</param>
/// <param name="Recipes">The folder with the demo's recipes.</param>
/// <param name="Model">The aligned model that every run starts from.</param>
/// <param name="RebuildModel">True makes that model anew, from random weights, and uses it instead of the shipped one.</param>
/// <param name="Seeds">Training seeds, at least 1; below 3 the intervals say little.</param>
public sealed record DemoOptions(
    string Output = "runs/demo", string Recipes = "configs/demo", string Model = "models/demo-aligned", bool RebuildModel = false, int Seeds = 3)
{
    /// <summary>The seed of the world that the shipped model lives in.</summary>
    internal const ulong WorldSeed = 1;

    /// <summary>The first training seed; the settings were chosen on seeds 1 to 20.</summary>
    internal const int FirstSeed = 101;

    internal void Check()
    {
        if (Seeds < 1)
        {
            throw new ConfigException($"the demo needs at least one seed, got {Seeds}");
        }

        foreach (string folder in RebuildModel ? new[] { Recipes } : [Recipes, Model])
        {
            if (!Directory.Exists(folder))
            {
                throw new ConfigException($"{folder}: there is no such folder; run the demo from the repository's root");
            }
        }
    }
}
