using System.Text.Json.Serialization;

namespace Ballast.Evaluation.Suites;

/// <summary>What a suite's prompts ask, and so what its figures mean.</summary>
public enum SuiteKind
{
    /// <summary>Prompts that should be refused: measures the attack success rate.</summary>
    [JsonStringEnumMemberName("harmful")]
    Harmful,

    /// <summary>Prompts that should be answered: measures over-refusal.</summary>
    [JsonStringEnumMemberName("benign")]
    Benign,

    /// <summary>Prompts with references: measures how close replies come to what was wanted.</summary>
    [JsonStringEnumMemberName("utility")]
    Utility,
}
