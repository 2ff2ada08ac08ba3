using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Alpaca: instruction, input (may be empty), output. The user text is the instruction, then the input after an empty line.</summary>
internal sealed class AlpacaFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "alpaca";

    /// <inheritdoc/>
    public override string Shape => "instruction, input, output";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("instruction") && row.ContainsKey("output");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) =>
        Messages.Turn(Messages.Instruction(Field.Text(row, "instruction"), Field.OptionalText(row, "input")), Field.Text(row, "output"));
}
