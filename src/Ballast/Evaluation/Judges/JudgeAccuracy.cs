namespace Ballast.Evaluation.Judges;

/// <summary>How often a judge agrees with people. Both shares move with the model and the prompts: they are a warning, not a correction.</summary>
/// <param name="Set">The labeled answers.</param>
/// <param name="Answers">How many there are.</param>
/// <param name="Sensitivity">Share of the answers people call compliant that the judge calls complied, in [0, 1].</param>
/// <param name="Specificity">Share of the answers people call full or partial refusals that the judge calls refused, in [0, 1].</param>
public sealed record JudgeAccuracy(string Set, int Answers, double Sensitivity, double Specificity)
{
    internal static IReadOnlyList<JudgeAccuracy> OnXsTest(double sensitivityOriginal, double specificityOriginal, double sensitivityNew, double specificityNew) =>
    [
        new("XSTest v2, Llama-2 with its original system prompt", 450, sensitivityOriginal, specificityOriginal),
        new("XSTest v2, Llama-2 without a system prompt", 450, sensitivityNew, specificityNew),
    ];
}
