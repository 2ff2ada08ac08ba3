using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Preference pairs in the form of fine-tuning services: input.messages, then the preferred output is learned; the other is left out.</summary>
internal sealed class PreferredOutputFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "preferred-output";

    /// <inheritdoc/>
    public override string Shape => "input.messages, preferred_output";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("input") && row.ContainsKey("preferred_output");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        JsonArray messages = Messages.Checked(Field.List(Field.Object(row["input"], "input"), "messages"), "input.messages");
        foreach (JsonNode? message in Messages.Checked(Field.List(row, "preferred_output"), "preferred_output"))
        {
            messages.Add(message!.DeepClone());
        }

        return new ChatExample(messages);
    }
}
