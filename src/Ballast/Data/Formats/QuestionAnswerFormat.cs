using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>A question and its answer, as in GSM8K: a user and an assistant turn.</summary>
internal sealed class QuestionAnswerFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "question-answer";

    /// <inheritdoc/>
    public override string Shape => "question, answer";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("question") && row.ContainsKey("answer");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row) => Messages.Turn(Field.Text(row, "question"), Field.Text(row, "answer"));
}
