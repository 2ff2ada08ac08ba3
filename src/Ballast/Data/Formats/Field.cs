using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Reads single fields of a row and says what is wrong with them.</summary>
internal static class Field
{
    /// <summary>Text that must be there and hold more than blanks.</summary>
    public static string Text(JsonObject row, string name, string? shownAs = null)
    {
        if (!row.TryGetPropertyValue(name, out JsonNode? value))
        {
            throw new BadRowException(shownAs ?? name, "is missing");
        }

        string text = AsText(value, shownAs ?? name);
        return string.IsNullOrWhiteSpace(text) ? throw new BadRowException(shownAs ?? name, "is empty") : text;
    }

    /// <summary>Text that may be absent, null or empty; then the result is empty.</summary>
    public static string OptionalText(JsonObject row, string name) => row[name] is JsonNode value ? AsText(value, name) : "";

    /// <summary>A list that must be there and hold something.</summary>
    public static JsonArray List(JsonObject row, string name) => row[name] switch
    {
        JsonArray { Count: > 0 } list => list,
        JsonArray => throw new BadRowException(name, "is empty"),
        null when !row.ContainsKey(name) => throw new BadRowException(name, "is missing"),
        var other => throw new BadRowException(name, $"expected a list, got {Kind(other)}"),
    };

    /// <summary>An item of a list that must be an object.</summary>
    public static JsonObject Object(JsonNode? item, string name) =>
        item as JsonObject ?? throw new BadRowException(name, $"expected an object, got {Kind(item)}");

    /// <summary>A value that must be text, blanks included.</summary>
    public static string AsText(JsonNode? value, string name) =>
        value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : throw new BadRowException(name, $"expected text, got {Kind(value)}");

    /// <summary>What a value is, in a word.</summary>
    public static string Kind(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "a boolean",
    };
}
