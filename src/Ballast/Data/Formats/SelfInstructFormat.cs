using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Self-Instruct: an instruction and a list of instances, each an input (may be empty) and an output; the first instance is taken.</summary>
internal sealed class SelfInstructFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "self-instruct";

    /// <inheritdoc/>
    public override string Shape => "instruction, instances";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("instruction") && row.ContainsKey("instances");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        JsonObject instance = Field.Object(Field.List(row, "instances")[0], "instances[0]");
        string user = Messages.Instruction(Field.Text(row, "instruction"), Field.OptionalText(instance, "input"));
        return Messages.Turn(user, Field.Text(instance, "output", "instances[0].output"));
    }
}
