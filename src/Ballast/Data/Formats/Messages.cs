using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Makes and checks lists of chat messages.</summary>
internal static class Messages
{
    /// <summary>One question and its answer, with a system message when that is not empty.</summary>
    public static ChatExample Turn(string user, string assistant, string system = "")
    {
        var messages = new JsonArray(Message("user", user), Message("assistant", assistant));
        if (!string.IsNullOrWhiteSpace(system))
        {
            messages.Insert(0, Message("system", system));
        }

        return new ChatExample(messages);
    }

    /// <summary>One message.</summary>
    public static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    /// <summary>An instruction and what it is about, as one user text: joined by an empty line when there is something.</summary>
    public static string Instruction(string instruction, string input) => string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n\n{input}";

    /// <summary>Checks messages and copies them, with contents in parts put together; <paramref name="name"/> is their field in messages about faults.</summary>
    public static JsonArray Checked(JsonArray messages, string name)
    {
        var copy = new JsonArray();
        for (int i = 0; i < messages.Count; i++)
        {
            string at = $"{name}[{i}]";
            JsonObject message = Field.Object(messages[i], at).DeepClone().AsObject();
            string role = Field.Text(message, "role", $"{at}.role");
            if (message["content"] is JsonArray parts)
            {
                message["content"] = string.Concat(parts.Select((part, j) => PartText(part, $"{at}.content[{j}]")));
            }

            if (role == "assistant")
            {
                CheckAssistant(message, at);
            }
            else
            {
                Field.AsText(message["content"], $"{at}.content");
            }

            copy.Add((JsonNode)message);
        }

        return copy;
    }

    private static void CheckAssistant(JsonObject message, string at)
    {
        if (message["tool_calls"] is not JsonArray { Count: > 0 })
        {
            Field.Text(message, "content", $"{at}.content");
        }

        CheckWeight(message, at);
    }

    /// <summary>Refuses a turn of the assistant that its data set does not want to be trained on, rather than train on it.</summary>
    public static void CheckWeight(JsonObject turn, string at)
    {
        if (turn["weight"] is JsonValue weight && weight.GetValueKind() == JsonValueKind.Number
            && double.Parse(weight.ToJsonString(), CultureInfo.InvariantCulture) == 0)
        {
            throw new BadRowException($"{at}.weight", "is 0, which asks for a turn that is not trained on; that is not supported");
        }
    }

    private static string PartText(JsonNode? part, string at) => part is JsonObject { } map && map["type"]?.GetValueKind() == JsonValueKind.String
        && map["type"]!.GetValue<string>() == "text"
        ? Field.AsText(map["text"], $"{at}.text") : throw new BadRowException(at, "is not a part of type text");
}
