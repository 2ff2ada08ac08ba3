using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Alpaca rows in the prompt of Stanford Alpaca, as plain text without a chat template; only by name.</summary>
/// <remarks>The answer follows "### Response:" directly, as in the original training code.</remarks>
internal sealed class AlpacaPromptFormat : DataFormat
{
    /// <summary>The prompt of a row with an input, with placeholders.</summary>
    public const string WithInput = "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:";

    /// <summary>The prompt of a row without an input, with a placeholder.</summary>
    public const string WithoutInput = "Below is an instruction that describes a task. "
        + "Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Response:";

    /// <inheritdoc/>
    public override string Name => "alpaca-prompt";

    /// <inheritdoc/>
    public override string Shape => "instruction, input, output; only by name";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => false;

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        string instruction = Field.Text(row, "instruction");
        string input = Field.OptionalText(row, "input");
        string prompt = string.IsNullOrWhiteSpace(input) ? Fill(WithoutInput, "{instruction}", instruction)
            : Fill(WithInput[..WithInput.IndexOf("{input}", StringComparison.Ordinal)], "{instruction}", instruction)
                + Fill(WithInput[WithInput.IndexOf("{input}", StringComparison.Ordinal)..], "{input}", input);
        return new TextExample(prompt, Field.Text(row, "output"), Raw: true);
    }

    private static string Fill(string template, string placeholder, string value) => template.Replace(placeholder, value, StringComparison.Ordinal);
}
