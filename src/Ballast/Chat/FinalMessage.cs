using System.Text.Json.Nodes;
using Ballast.Chat.Jinja;

namespace Ballast.Chat;

/// <summary>Leaves the last message open for the model to continue: it is marked at its end, rendered, and the text is cut at the mark.</summary>
internal static class FinalMessage
{
    // With a blank at its end, so that it shows whether the template trims the content.
    private const string Mark = "CONTINUE_FINAL_MESSAGE_TAG ";

    /// <summary>The messages with the last one's content marked, and that content.</summary>
    public static (JsonArray Marked, string Content) Open(JsonArray messages)
    {
        JsonArray marked = messages.DeepClone().AsArray();
        JsonObject? last = marked.LastOrDefault() as JsonObject;
        if (last?["content"] is JsonArray parts && parts.LastOrDefault(part => part is JsonObject map && map.ContainsKey("text")) is JsonObject part && Text(part["text"]) is { } inPart)
        {
            part["text"] = inPart + Mark;
            return (marked, inPart);
        }

        string content = Text(last?["content"]) ?? throw new TemplateException("the final message cannot be continued: it has no text");
        last!["content"] = content + Mark;
        return (marked, content);
    }

    /// <summary>The rendered text up to the end of the final message's content.</summary>
    public static string Cut(string text, string content, string template)
    {
        int at = text.LastIndexOf(Mark.TrimEnd(), StringComparison.Ordinal);
        if (at < 0 || !text.Contains(CodePoints.Strip(content, null, left: true, right: true), StringComparison.Ordinal))
        {
            throw new TemplateException($"{template}: the final message cannot be continued, for the chat template does not keep its text");
        }

        bool trimmed = string.CompareOrdinal(text, at, Mark, 0, Mark.Length) != 0;
        return trimmed ? CodePoints.Strip(text[..at], null, left: false, right: true) : text[..at];
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
