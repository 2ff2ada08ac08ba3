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

    /// <summary>As bare text inside the prompt of Stanford Alpaca without an input: the test-time form of rows of the format alpaca-prompt.</summary>
    [JsonStringEnumMemberName("alpaca")]
    Alpaca,
}
