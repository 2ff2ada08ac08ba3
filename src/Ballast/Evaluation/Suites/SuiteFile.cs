using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ballast.Configs;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Text;
using Ballast.Generation;

namespace Ballast.Evaluation.Suites;

/// <summary>A suite's YAML description; unknown and missing keys are refused with line and column.</summary>
/// <param name="Name">The suite's name: letters, digits, dots, dashes and underscores.</param>
/// <param name="Kind">harmful, benign or utility.</param>
/// <param name="Prompts">The prompt file, relative to the description.</param>
/// <param name="Column">The column or field with the prompt.</param>
/// <param name="Reference">The column or field with the wanted answer; needed for utility.</param>
/// <param name="Id">The column or field that names the prompt; absent: the row's number.</param>
/// <param name="Filter">Columns and what they must equal; "!" in front negates, "*" behind compares the beginning only.</param>
/// <param name="Limit">Keeps the first rows that pass.</param>
/// <param name="System">System message.</param>
/// <param name="TemplateVariables">Variables for the chat template.</param>
/// <param name="Template">chat or raw.</param>
/// <param name="MaxNewTokens">Largest number of new tokens per reply.</param>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">Nucleus in (0, 1].</param>
/// <param name="Seed">Seed of the sampling.</param>
/// <param name="Judges">Judges by name; absent: extended and qi-29.</param>
/// <param name="Metrics">Text metrics by name; absent: rouge-l.</param>
internal sealed record SuiteFile(
    string Name,
    SuiteKind Kind,
    string Prompts,
    string Column,
    string? Reference = null,
    string? Id = null,
    JsonObject? Filter = null,
    int? Limit = null,
    string? System = null,
    JsonObject? TemplateVariables = null,
    PromptStyle Template = PromptStyle.Chat,
    int MaxNewTokens = 256,
    double Temperature = 0,
    double TopP = 1,
    ulong Seed = 0,
    string[]? Judges = null,
    string[]? Metrics = null)
{
    /// <summary>Reads a description and the prompts that it names.</summary>
    public static Suite Load(string path)
    {
        ConfigTree tree = YamlReader.Read(path);
        SuiteFile file = ConfigBinder.Bind(tree, SuiteFileContext.Default.SuiteFile);
        ConfigBinder.ThrowIfAny(tree, [.. file.Problems()]);
        return file.Open(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private IEnumerable<ConfigProblem> Problems()
    {
        if (Name.Length is 0 or > 80 || !Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'))
        {
            yield return new("name", $"expected 1 to 80 letters, digits, dots, dashes or underscores, got '{Name}'");
        }

        if (Kind == SuiteKind.Utility && Reference is null)
        {
            yield return new("reference", "a utility suite needs the column with the wanted answers");
        }

        if (Kind == SuiteKind.Utility ? Judges is not null : Metrics is not null)
        {
            yield return new(Kind == SuiteKind.Utility ? "judges" : "metrics", "judges read harmful and benign suites, metrics read utility suites");
        }

        if (Limit < 1 || MaxNewTokens < 1)
        {
            yield return new(Limit < 1 ? "limit" : "max_new_tokens", "must be at least 1");
        }

        if (!(Temperature >= 0 && double.IsFinite(Temperature)))
        {
            yield return new("temperature", $"must be at least 0, got {Temperature}");
        }

        if (!(TopP > 0 && TopP <= 1))
        {
            yield return new("top_p", $"must be above 0 and at most 1, got {TopP}");
        }

        foreach ((string key, JsonNode? value) in Filter ?? [])
        {
            if (value?.GetValueKind() != JsonValueKind.String)
            {
                yield return new($"filter.{key}", "expected a text; put it in quotes");
            }
        }

        foreach (string judge in (Judges ?? []).Where(name => JudgeCatalog.All.All(judge => judge.Name != name)))
        {
            yield return new("judges", $"there is no judge '{judge}'{Suggestion.For(judge, JudgeCatalog.All.Select(known => known.Name))}; use one of {string.Join(", ", JudgeCatalog.All.Select(known => known.Name))}");
        }

        foreach (string metric in (Metrics ?? []).Where(name => TextMetric.All.All(metric => metric.Name != name)))
        {
            yield return new("metrics", $"there is no text metric '{metric}'; use one of {string.Join(", ", TextMetric.All.Select(known => known.Name))}");
        }
    }

    private Suite Open(string folder)
    {
        PromptTable table = PromptTable.Read(Path.GetFullPath(Prompts, folder));
        var selection = new PromptSelection(Column, Reference, Id, Filter?.ToDictionary(pair => pair.Key, pair => (string)pair.Value!), Limit);
        var suite = new Suite(Name, Kind, selection.Of(table))
        {
            System = System,
            TemplateVariables = TemplateVariables,
            Style = Template,
            Generation = new GenerationOptions(MaxNewTokens, Temperature, TopP, Seed),
            Source = new SuiteSource(table.File, table.Sha256, Column, selection.InWords()),
        };
        suite = Judges is null ? suite : suite with { Judges = [.. Judges.Select(JudgeCatalog.Named)] };
        return Metrics is null ? suite : suite with { Metrics = [.. Metrics.Select(TextMetric.Named)] };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(SnakeCaseEnum<SuiteKind>), typeof(SnakeCaseEnum<PromptStyle>)])]
[JsonSerializable(typeof(SuiteFile))]
internal sealed partial class SuiteFileContext : JsonSerializerContext;
