using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ballast.Chat.Jinja;

namespace Ballast.Chat;

/// <summary>Messages whose assistant contents stand between marks: noncharacters of Unicode, which no text holds.</summary>
/// <param name="Messages">The messages with marks; contents that are empty or not text stay as they are.</param>
internal sealed record MarkedMessages(JsonArray Messages)
{
    public const char Opens = '\uFDD0';
    public const char Closes = '\uFDD1';
    public const char Ends = '\uFDD2';

    public static bool IsAssistant(JsonNode? message) => (message as JsonObject)?["role"] is JsonValue role && role.TryGetValue(out string? name) && name == "assistant";

    public static MarkedMessages Mark(JsonArray messages, string text)
    {
        if (text.AsSpan().ContainsAnyInRange(Opens, Ends))
        {
            throw new TemplateException("the conversation holds the noncharacters U+FDD0 to U+FDD2, which mark contents while they are looked for; remove them");
        }

        JsonArray marked = messages.DeepClone().AsArray();
        for (int i = 0; i < marked.Count; i++)
        {
            if (IsAssistant(marked[i]))
            {
                MarkContent(marked[i]!.AsObject(), i);
            }
        }

        return new MarkedMessages(marked);
    }

    /// <summary>The messages and one more of the user.</summary>
    public JsonArray FollowedByUser()
    {
        JsonArray followed = Messages.DeepClone().AsArray();
        followed.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = "x" });
        return followed;
    }

    // The marks go inside of the outer blanks, so that templates that trim and templates that do not give the same text around them.
    private static void MarkContent(JsonObject message, int index)
    {
        if (message["content"] is JsonArray parts)
        {
            List<JsonObject> texts = [.. parts.OfType<JsonObject>().Where(part => Text(part["text"]) is { } text && !string.IsNullOrWhiteSpace(text))];
            if (texts.Count > 0)
            {
                texts[0]["text"] = Surround(Text(texts[0]["text"])!, Mark(Opens, index), "");
                texts[^1]["text"] = Surround(Text(texts[^1]["text"])!, "", Mark(Ends, index));
            }
        }
        else if (Text(message["content"]) is { } content && !string.IsNullOrWhiteSpace(content))
        {
            message["content"] = Surround(content, Mark(Opens, index), Mark(Ends, index));
        }
    }

    private static string Surround(string content, string before, string after)
    {
        string left = CodePoints.Strip(content, null, left: true, right: false);
        string inner = CodePoints.Strip(left, null, left: false, right: true);
        return string.Concat(content.AsSpan(0, content.Length - left.Length), before, inner) + string.Concat(after, left.AsSpan(inner.Length));
    }

    private static string Mark(char kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}{index}{Closes}");

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

/// <summary>A rendered text without its marks, and where they stood.</summary>
internal sealed record MarkedText(string Text, IReadOnlyDictionary<(char Kind, int Index), int> Places)
{
    public int? Start(int index) => Place(MarkedMessages.Opens, index);

    public int? End(int index) => Place(MarkedMessages.Ends, index);

    public static MarkedText Read(string marked)
    {
        var text = new StringBuilder(marked.Length);
        var places = new Dictionary<(char, int), int>();
        int from = 0;
        while (marked.AsSpan(from).IndexOfAny(MarkedMessages.Opens, MarkedMessages.Ends) is var step and >= 0)
        {
            int at = from + step;
            int close = marked.IndexOf(MarkedMessages.Closes, at);
            text.Append(marked, from, at - from);
            if (close < 0 || !int.TryParse(marked.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            {
                // A mark that the template took apart: what is left of it keeps this text from equaling the plain one.
                return new MarkedText(marked, new Dictionary<(char, int), int>());
            }

            // A content that is printed twice has no one place.
            places[(marked[at], index)] = places.ContainsKey((marked[at], index)) ? -1 : text.Length;
            from = close + 1;
        }

        return new MarkedText(text.Append(marked, from, marked.Length - from).ToString(), places);
    }

    private int? Place(char kind, int index) => Places.TryGetValue((kind, index), out int place) && place >= 0 ? place : null;
}
