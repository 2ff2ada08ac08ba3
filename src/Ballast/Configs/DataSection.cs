using System.Text.Json.Nodes;

namespace Ballast.Configs;

/// <summary>The rows to train on and how they become tokens.</summary>
/// <param name="Train">One or more sources, concatenated in this order.</param>
/// <param name="Validation">Sources of held-out rows; absent: none, or <paramref name="ValidationShare"/> of the training rows.</param>
/// <param name="ValidationShare">Share of the training rows held out, drawn by the run's seed; at least 0 and below 1.</param>
/// <param name="MaxLength">Longest row in tokens, at least 2.</param>
/// <param name="TooLong">What happens to a longer row.</param>
/// <param name="MaxBadRows">How many unusable rows are left out, counted and shown before the run stops; at least 0.</param>
/// <param name="TemplateVariables">Further variables for the chat template, such as <c>date_string</c>; absent: none.</param>
/// <param name="System">A system message for rows that bring none; null: none.</param>
/// <param name="Packing">Whether the rows of a step are laid one behind the other instead of being padded; each sees only itself, so what is learned stays the same.</param>
public sealed record DataSection(
    IReadOnlyList<DataSource> Train,
    IReadOnlyList<DataSource>? Validation = null,
    double ValidationShare = 0,
    int MaxLength = 512,
    TooLong TooLong = TooLong.Truncate,
    int MaxBadRows = 0,
    JsonObject? TemplateVariables = null,
    string? System = null,
    bool Packing = false)
{
    /// <summary>Sources of held-out rows; empty when none are given.</summary>
    public IReadOnlyList<DataSource> Validation { get; init; } = Validation ?? [];

    /// <summary>Further variables for the chat template; empty when none are given.</summary>
    public JsonObject TemplateVariables { get; init; } = TemplateVariables ?? [];

    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems()
    {
        if (Train.Count == 0)
        {
            yield return new("data.train", "needs at least one source, as in - path: rows.jsonl");
        }

        foreach (ConfigProblem problem in Train.SelectMany((source, i) => source.Problems($"data.train[{i}]"))
            .Concat(Validation.SelectMany((source, i) => source.Problems($"data.validation[{i}]"))))
        {
            yield return problem;
        }

        if (!(ValidationShare is >= 0 and < 1))
        {
            yield return new("data.validation_share", $"must be at least 0 and below 1, got {ValidationShare}");
        }
        else if (ValidationShare > 0 && Validation.Count > 0)
        {
            yield return new("data.validation_share", "is given beside data.validation; keep one of the two");
        }

        if (MaxLength < 2)
        {
            yield return new("data.max_length", $"must be at least 2 tokens, got {MaxLength}");
        }

        if (MaxBadRows < 0)
        {
            yield return new("data.max_bad_rows", $"must be at least 0, got {MaxBadRows}");
        }
    }
}
