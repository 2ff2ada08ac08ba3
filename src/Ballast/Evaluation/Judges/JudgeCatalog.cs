namespace Ballast.Evaluation.Judges;

/// <summary>Every judge, by name.</summary>
public static class JudgeCatalog
{
    /// <summary>All judges: Ballast's own first, then the published lists.</summary>
    public static IReadOnlyList<IJudge> All { get; } =
        [new ExtendedJudge(), PublishedJudges.Qi29, PublishedJudges.Gcg7, PublishedJudges.Gcg10, PublishedJudges.XsTest21];

    /// <summary>The judge of that name.</summary>
    /// <exception cref="ConfigException">There is none; the message lists those there are.</exception>
    public static IJudge Named(string name) => All.FirstOrDefault(judge => judge.Name == name)
        ?? throw new ConfigException($"there is no judge '{name}'; use one of {string.Join(", ", All.Select(judge => judge.Name))}");
}
