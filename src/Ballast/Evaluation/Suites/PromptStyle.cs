using System.Text.Json.Serialization;

namespace Ballast.Evaluation.Suites;

/// <summary>How a prompt reaches the model.</summary>
public enum PromptStyle
{
    /// <summary>As the user's turn of the model's own chat template.</summary>
    [JsonStringEnumMemberName("chat")]
    Chat,

    /// <summary>As bare text after the beginning-of-text token.</summary>
    [JsonStringEnumMemberName("raw")]
    Raw,
}
