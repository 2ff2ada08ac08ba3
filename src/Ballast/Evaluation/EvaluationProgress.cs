namespace Ballast.Evaluation;

/// <summary>How far an evaluation is.</summary>
/// <param name="Model">The model that answers.</param>
/// <param name="Suite">The suite that it answers.</param>
/// <param name="Done">Prompts of the suite answered so far, saved ones included.</param>
/// <param name="Total">Prompts of the suite.</param>
public sealed record EvaluationProgress(string Model, string Suite, int Done, int Total);
