using System.Text.Json;

namespace Ballast.Tokenizers;

/// <summary>One value of a tokenizer file together with where it stands, so that every complaint can name both.</summary>
internal readonly struct JsonPart(string file, string where, JsonElement element)
{
    public JsonValueKind Kind => element.ValueKind;

    public string File => file;

    public JsonElement Element => element;

    public bool IsNull => element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>The member "type", which names the kind of a part.</summary>
    public string TypeName => Text("type");

    /// <summary>A member, or a null part where it is absent.</summary>
    public JsonPart this[string name]
    {
        get
        {
            string path = where.Length == 0 ? name : $"{where}.{name}";
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
                ? new JsonPart(file, path, value)
                : new JsonPart(file, path, default);
        }
    }

    public string Text() => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Fault($"expected a string, found {Found}");

    public string Text(string name) => this[name].Text();

    public string? OptionalText(string name) => this[name] is { IsNull: false } part ? part.Text() : null;

    public int Number() => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value)
        ? value
        : throw Fault($"expected a whole number, found {Found}");

    public int Number(string name, int absent) => this[name] is { IsNull: false } part ? part.Number() : absent;

    public bool Flag(string name, bool absent = false)
    {
        JsonPart part = this[name];
        return part.Kind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null or JsonValueKind.Undefined => absent,
            _ => throw part.Fault($"expected true or false, found {part.Found}"),
        };
    }

    public List<JsonPart> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Fault($"expected a list, found {Found}");
        }

        List<JsonPart> items = new(element.GetArrayLength());
        foreach (JsonElement item in element.EnumerateArray())
        {
            items.Add(new JsonPart(file, $"{where}[{items.Count}]", item));
        }

        return items;
    }

    public IEnumerable<(string Name, JsonPart Value)> Members()
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Fault($"expected an object, found {Found}");
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            yield return (property.Name, new JsonPart(file, $"{where}.{property.Name}", property.Value));
        }
    }

    public TokenizerException Fault(string message) => new($"{file}: {(where.Length == 0 ? "the file" : where)}: {message}");

    public TokenizerException Unsupported(string what) => Fault($"{what} is not supported; expected a BPE tokenizer as the Llama, Qwen or Gemma families have");

    private string Found => element.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {element.GetRawText()}",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => element.GetRawText(),
    };
}
