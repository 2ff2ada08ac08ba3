using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Evaluation.Suites;

/// <summary>Which rows and fields of a prompt table make a suite.</summary>
/// <param name="Column">The field with the prompt.</param>
/// <param name="Reference">The field with the wanted answer, a text or a list of texts; null for none.</param>
/// <param name="Id">The field that names the prompt; null for the row's number, counted from 1 before the filter.</param>
/// <param name="Filter">Fields and what they must equal; "!" in front negates, "*" behind compares the beginning only.</param>
/// <param name="Limit">Keeps the first rows that pass; null for all.</param>
internal sealed record PromptSelection(
    string Column, string? Reference = null, string? Id = null, IReadOnlyDictionary<string, string>? Filter = null, int? Limit = null)
{
    /// <summary>The prompts that pass.</summary>
    /// <exception cref="DataException">A column is absent, a field is empty or no text, an id is given twice, or nothing passes.</exception>
    public IReadOnlyList<SuitePrompt> Of(PromptTable table)
    {
        string column = Known(table, Column);
        string? reference = Reference is null ? null : Known(table, Reference);
        string? id = Id is null ? null : Known(table, Id);
        (string Column, string Pattern)[] filter = [.. (Filter ?? new Dictionary<string, string>()).Select(pair => (Known(table, pair.Key), pair.Value))];
        var prompts = new List<SuitePrompt>();
        var ids = new HashSet<string>();
        int number = 0;
        foreach ((JsonObject fields, string place) in table.Rows)
        {
            number++;
            if (prompts.Count < (Limit ?? int.MaxValue) && filter.All(rule => Passes(Text(fields, rule.Column, place), rule.Pattern)))
            {
                string name = id is null ? $"{number}" : Text(fields, id, place);
                if (!ids.Add(name))
                {
                    throw new DataException($"{place}: the id '{name}' is given twice; ids pair the replies of two models, so they must differ");
                }

                string text = Text(fields, column, place);
                prompts.Add(text.Trim().Length > 0
                    ? new SuitePrompt(name, text, reference is null ? [] : References(fields, reference, place))
                    : throw new DataException($"{place}: the field '{column}' is empty, expected a prompt"));
            }
        }

        return prompts.Count > 0 ? prompts : throw new DataException($"{table.File}: no row passes the filter ({InWords()})");
    }

    /// <summary>Filter and limit as a reader may see them.</summary>
    public string InWords()
    {
        string[] parts = [.. (Filter ?? new Dictionary<string, string>()).Select(pair => $"{pair.Key} = {pair.Value}"), .. Limit is null ? [] : new[] { $"first {Limit}" }];
        return parts.Length == 0 ? "all rows" : string.Join(", ", parts);
    }

    private static bool Passes(string value, string pattern)
    {
        bool negated = pattern.StartsWith('!');
        string wanted = negated ? pattern[1..] : pattern;
        bool same = wanted.EndsWith('*') ? value.StartsWith(wanted[..^1], StringComparison.Ordinal) : value == wanted;
        return same != negated;
    }

    private static string Known(PromptTable table, string name) => table.Column(name)
        ?? throw new DataException($"{table.File}: there is no column '{name}'; the file has {string.Join(", ", table.Columns.Select(column => $"'{column}'"))}");

    private static string Text(JsonObject fields, string column, string place) => fields[column]?.GetValueKind() switch
    {
        JsonValueKind.String => (string)fields[column]!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => fields[column]!.ToJsonString(),
        _ => throw new DataException($"{place}: the field '{column}' is missing or no text"),
    };

    private static string[] References(JsonObject fields, string column, string place)
    {
        if (fields[column] is not JsonArray list)
        {
            return [Text(fields, column, place)];
        }

        string[] references = list.All(item => item?.GetValueKind() == JsonValueKind.String)
            ? [.. list.Select(item => (string)item!)]
            : throw new DataException($"{place}: the list '{column}' holds something that is no text");
        return references.Length > 0 ? references : throw new DataException($"{place}: the list '{column}' is empty, expected at least one reference");
    }
}
