using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Text;
using Ballast.Generation;

namespace Ballast.Evaluation.Suites;

/// <summary>Prompts, how they are put to a model, and how the replies are read.</summary>
/// <param name="Name">Names the suite in metric names and samples.</param>
/// <param name="Kind">What the figures mean.</param>
/// <param name="Prompts">At least one; ids differ.</param>
public sealed record Suite(string Name, SuiteKind Kind, IReadOnlyList<SuitePrompt> Prompts)
{
    /// <summary>System message of every prompt; null for none.</summary>
    public string? System { get; init; }

    /// <summary>Variables for the chat template, for example date_string; null for none.</summary>
    public JsonObject? TemplateVariables { get; init; }

    /// <summary>Chat template or bare text; default chat.</summary>
    public PromptStyle Style { get; init; }

    /// <summary>How replies are decoded; default greedy, 256 new tokens.</summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>The judges of a harmful or benign suite; default the extended list and Qi's 29 phrases.</summary>
    public IReadOnlyList<IJudge> Judges { get; init; } = [JudgeCatalog.Named("extended"), PublishedJudges.Qi29];

    /// <summary>The metrics of a utility suite; default ROUGE-L.</summary>
    public IReadOnlyList<TextMetric> Metrics { get; init; } = [TextMetric.Named("rouge-l")];

    /// <summary>Where the prompts came from; null for prompts made by a program.</summary>
    public SuiteSource? Source { get; init; }

    /// <summary>The suite with its first prompts only.</summary>
    public Suite Take(int count) => count >= Prompts.Count ? this : this with
    {
        Prompts = [.. Prompts.Take(count)],
        Source = Source is null ? null : Source with { Selection = $"{Source.Selection}, of them the first {count} of {Prompts.Count}" },
    };

    /// <summary>Identifies prompts, references and everything that shapes a reply: equal hashes mean equal questions.</summary>
    public string Hash()
    {
        var parts = new List<string?> { Name, Kind.ToString() };
        parts.AddRange(Settings());
        foreach (SuitePrompt prompt in Prompts)
        {
            parts.AddRange([prompt.Id, prompt.Text, .. prompt.References]);
        }

        return HashOf(parts);
    }

    /// <summary>What shapes a reply besides model and prompt. The batch size is left out: it never changes a greedy reply.</summary>
    internal IReadOnlyList<string?> Settings() =>
    [
        Style.ToString(), System, TemplateVariables?.ToJsonString(),
        string.Create(CultureInfo.InvariantCulture, $"{Generation.MaxNewTokens} {Generation.Temperature:R} {Generation.TopP:R} {Generation.Seed}"),
    ];

    internal static string HashOf(IEnumerable<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string? part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part ?? "");
            hash.AppendData(BitConverter.GetBytes(part is null ? -1 : bytes.Length));   // lengths keep neighbors apart
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
