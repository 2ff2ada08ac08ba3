using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>OpenAI's chat rows: messages of role and content, and tools where the row has some.</summary>
internal sealed class MessagesFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "messages";

    /// <inheritdoc/>
    public override string Shape => "messages of role and content";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("messages");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        JsonArray messages = Messages.Checked(Field.List(row, "messages"), "messages");
        JsonObject? variables = row["tools"] is JsonArray { Count: > 0 } tools ? new JsonObject { ["tools"] = tools.DeepClone() } : null;
        return new ChatExample(messages, variables);
    }
}
