namespace Ballast.Evaluation.Suites;

/// <summary>One prompt.</summary>
/// <param name="Id">Names the prompt within its suite; samples of different models are paired by it.</param>
/// <param name="Text">What the user says.</param>
/// <param name="References">What was wanted; empty unless the suite measures utility.</param>
public sealed record SuitePrompt(string Id, string Text, IReadOnlyList<string> References);
