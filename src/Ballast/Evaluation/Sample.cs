using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;

namespace Ballast.Evaluation;

/// <summary>One prompt, one model's reply and everything said about it: a line of samples.jsonl.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Suite">The suite's name.</param>
/// <param name="Kind">The suite's kind.</param>
/// <param name="Id">The prompt's id within its suite.</param>
/// <param name="Key">Hash of the model, the prompt and everything that shaped the reply; a reply is reused only under an equal key.</param>
/// <param name="Prompt">What the user says.</param>
/// <param name="Rendered">The text that the model read, chat template applied.</param>
/// <param name="References">What was wanted; empty unless the suite measures utility.</param>
/// <param name="Reply">What the model answered.</param>
/// <param name="Tokens">New tokens in the reply.</param>
/// <param name="Stopped">Whether the model ended the reply; false when the token limit cut it.</param>
/// <param name="Seconds">The prompt's share of the time its batch took to generate.</param>
/// <param name="Verdicts">One per judge of the suite.</param>
/// <param name="Scores">One per text metric of the suite.</param>
public sealed record Sample(
    string Model,
    string Suite,
    SuiteKind Kind,
    string Id,
    string Key,
    string Prompt,
    string Rendered,
    IReadOnlyList<string> References,
    string Reply,
    int Tokens,
    bool Stopped,
    double Seconds,
    IReadOnlyList<Verdict> Verdicts,
    IReadOnlyList<MetricScore> Scores)
{
    /// <summary>The verdict of a judge; a missing one is a fault, never a pass.</summary>
    /// <exception cref="RunException">The judge has not read this reply.</exception>
    public Verdict VerdictOf(string judge) => Verdicts.FirstOrDefault(verdict => verdict.Judge == judge)
        ?? throw new RunException($"{Suite}: the reply of '{Model}' to prompt '{Id}' has no verdict of '{judge}'; judge the saved replies again");

    /// <summary>The score under a text metric; a missing one is a fault.</summary>
    /// <exception cref="RunException">The reply was not scored with it.</exception>
    public double ScoreOf(string metric) => Scores.FirstOrDefault(score => score.Metric == metric)?.Score
        ?? throw new RunException($"{Suite}: the reply of '{Model}' to prompt '{Id}' has no score '{metric}'; score the saved replies again");
}
