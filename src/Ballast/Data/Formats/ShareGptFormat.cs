using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Data.Formats;

/// <summary>ShareGPT and SlimOrca: conversations of from (system, human, gpt) and value.</summary>
internal sealed class ShareGptFormat : DataFormat
{
    private static readonly Dictionary<string, string> s_roles = new()
    {
        ["system"] = "system",
        ["human"] = "user",
        ["user"] = "user",
        ["gpt"] = "assistant",
        ["chatgpt"] = "assistant",
        ["assistant"] = "assistant",
    };

    /// <inheritdoc/>
    public override string Name => "sharegpt";

    /// <inheritdoc/>
    public override string Shape => "conversations of from and value";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("conversations");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        var messages = new JsonArray();
        JsonArray turns = Field.List(row, "conversations");
        for (int i = 0; i < turns.Count; i++)
        {
            string at = $"conversations[{i}]";
            JsonObject turn = Field.Object(turns[i], at);
            string from = Field.Text(turn, "from", $"{at}.from");
            string role = s_roles.GetValueOrDefault(from)
                ?? throw new BadRowException($"{at}.from", $"{PrintableName.Quote(from)} is none of {string.Join(", ", s_roles.Keys)}");
            if (role == "assistant")
            {
                Messages.CheckWeight(turn, at);
            }

            string content = role == "assistant" ? Field.Text(turn, "value", $"{at}.value") : Field.AsText(turn["value"], $"{at}.value");
            messages.Add((JsonNode)Messages.Message(role, content));
        }

        return new ChatExample(messages);
    }
}
