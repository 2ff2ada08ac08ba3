using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>OpenOrca: system_prompt (may be empty), question, response.</summary>
internal sealed class OrcaFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "orca";

    /// <inheritdoc/>
    public override string Shape => "system_prompt, question, response";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("question") && row.ContainsKey("response");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) =>
        Messages.Turn(Field.Text(row, "question"), Field.Text(row, "response"), Field.OptionalText(row, "system_prompt"));
}
