using System.Text.Json.Nodes;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;

namespace Ballast.Evaluation;

/// <summary>A judge in a summary.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Rule">Its rule in one sentence.</param>
/// <param name="Accuracy">Its error where that is known.</param>
public sealed record JudgeEntry(string Name, string Version, string Rule, IReadOnlyList<JudgeAccuracy> Accuracy)
{
    internal static JudgeEntry Of(IJudge judge) => new(judge.Name, judge.Version, judge.Rule, judge.Accuracy);
}

/// <summary>A suite in a summary: everything a reader needs to know how its figures came about.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What its prompts ask.</param>
/// <param name="Hash">Identifies prompts, references and settings.</param>
/// <param name="Prompts">The denominator: its prompts, all of them answered and all of them counted.</param>
/// <param name="Source">Where the prompts came from; null for prompts made by a program.</param>
/// <param name="Template">chat (the model's own template) or raw.</param>
/// <param name="System">System message; null for none.</param>
/// <param name="TemplateVariables">Variables for the template; null for none.</param>
/// <param name="MaxNewTokens">Largest number of new tokens.</param>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">Nucleus.</param>
/// <param name="Seed">Seed of the sampling.</param>
/// <param name="Judges">The judges; empty for utility.</param>
/// <param name="Metrics">The text metrics; empty unless utility.</param>
public sealed record SuiteEntry(
    string Name,
    SuiteKind Kind,
    string Hash,
    int Prompts,
    SuiteSource? Source,
    PromptStyle Template,
    string? System,
    JsonObject? TemplateVariables,
    int MaxNewTokens,
    double Temperature,
    double TopP,
    ulong Seed,
    IReadOnlyList<JudgeEntry> Judges,
    IReadOnlyList<string> Metrics)
{
    internal static SuiteEntry Of(Suite suite) => new(
        suite.Name, suite.Kind, suite.Hash(), suite.Prompts.Count, suite.Source, suite.Style, suite.System, suite.TemplateVariables,
        suite.Generation.MaxNewTokens, suite.Generation.Temperature, suite.Generation.TopP, suite.Generation.Seed,
        suite.Kind == SuiteKind.Utility ? [] : [.. suite.Judges.Select(JudgeEntry.Of)],
        suite.Kind == SuiteKind.Utility ? [.. suite.Metrics.Select(metric => metric.Name)] : []);
}
