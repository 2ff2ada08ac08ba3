using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Ballast.Data.Readers;

/// <summary>Reads the bytes of one JSON row strictly: UTF-8, unique keys, whole characters, 64 levels.</summary>
internal static class JsonRow
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The row, or the reason why it is none. A row that is itself a list is taken as its messages.</summary>
    public static SourceRow Parse(ReadOnlySpan<byte> bytes, string source)
    {
        if (!Utf8.IsValid(bytes))
        {
            return new SourceRow(null, source, "not UTF-8 text");
        }

        try
        {
            JsonElement row = JsonElement.Parse(bytes, s_options);
            if (bytes.IndexOf("\\ud"u8) >= 0 || bytes.IndexOf("\\uD"u8) >= 0)
            {
                ReadAllText(row);
            }

            return row.ValueKind switch
            {
                JsonValueKind.Object => new SourceRow(JsonObject.Create(row), source),
                JsonValueKind.Array => new SourceRow(new JsonObject { ["messages"] = JsonArray.Create(row) }, source),
                _ => new SourceRow(null, source, $"expected an object with the row's fields, got {row.GetRawText()[..Math.Min(40, row.GetRawText().Length)]}"),
            };
        }
        catch (JsonException fault)
        {
            return new SourceRow(null, source, $"not valid JSON: {Reason(fault)} (byte {fault.BytePositionInLine})");
        }
        catch (InvalidOperationException)
        {
            return new SourceRow(null, source, "a \\u escape is half of a pair, so the text is not Unicode");
        }
    }

    /// <summary>The parser's message without the position it appends.</summary>
    public static string Reason(JsonException fault) => fault.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.');

    /// <summary>Reads every name and text once, which fails at unpaired surrogates.</summary>
    private static void ReadAllText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    ReadAllText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    _ = property.Name;
                    ReadAllText(property.Value);
                }

                break;
        }
    }
}
