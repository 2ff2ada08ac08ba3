using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Plain text, all of it learned; never wrapped into a chat.</summary>
internal sealed class TextFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override string Shape => "text";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("text");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) => new TextExample("", Field.Text(row, "text"), Raw: true);
}
