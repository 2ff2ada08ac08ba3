using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Dolly: instruction, context (may be empty), response. The user text is the instruction, then the context after an empty line.</summary>
internal sealed class DollyFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "dolly";

    /// <inheritdoc/>
    public override string Shape => "instruction, context, response";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("instruction") && row.ContainsKey("response");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) =>
        Messages.Turn(Messages.Instruction(Field.Text(row, "instruction"), Field.OptionalText(row, "context")), Field.Text(row, "response"));
}
