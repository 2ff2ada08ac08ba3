using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Chat.Jinja;

/// <summary>Turns JSON into the values a template sees: numbers with a point or an exponent are floats, the others ints.</summary>
internal static class JsonReader
{
    public static object? Read(JsonNode? node)
    {
        Budget.CheckStack();
        switch (node)
        {
            case JsonObject map:
                var dict = new DictValue();
                foreach ((string key, JsonNode? value) in map)
                {
                    dict.Set(key, Read(value));
                }

                return dict;
            case JsonArray array:
                return array.Select(Read).ToList();
            default:
                return node is null ? null : ReadPlain(node.AsValue());
        }
    }

    private static object? ReadPlain(JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                return value.GetValue<string>();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Null:
                return null;
        }

        // A number made in code tells by its type, a number read from a file by its text.
        string text = value.TryGetValue(out JsonElement element) ? element.GetRawText()
            : value.TryGetValue(out double real) ? Printer.Float(real)
            : value.ToJsonString();
        return text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && Numbers.ParseInt(text, 10) is { } integer ? (BigInteger?)integer : Numbers.ParseFloat(text);
    }
}
