using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>A prompt and its completion: a user and an assistant turn where the model has a chat template, else plain text without anything between.</summary>
internal sealed class PromptCompletionFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "prompt-completion";

    /// <inheritdoc/>
    public override string Shape => "prompt, completion";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("prompt") && row.ContainsKey("completion");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) => new TextExample(Field.Text(row, "prompt"), Field.Text(row, "completion"), Raw: false);
}
