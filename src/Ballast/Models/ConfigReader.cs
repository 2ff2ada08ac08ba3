using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Models;

/// <summary>Reads a foreign config.json key by key, remembers what was read, and names file and key in every fault.</summary>
internal sealed class ConfigReader(JsonObject json, string path)
{
    private readonly HashSet<string> _read = [];

    public CheckpointException Fault(string key, string found, string expected) => new($"{path}: {key} is {found}; expected {expected}");

    /// <summary>The keys nobody asked for, in file order.</summary>
    public IReadOnlyList<string> Unread() => [.. json.Select(pair => pair.Key).Where(key => !_read.Contains(key))];

    /// <summary>A value that is present and not null.</summary>
    public JsonNode? Node(string key)
    {
        _read.Add(key);
        return json[key];
    }

    public JsonObject? Section(string key) => Node(key) switch
    {
        null => null,
        JsonObject section => section,
        var other => throw Fault(key, other.ToJsonString(), "an object"),
    };

    public ConfigReader Inside(JsonObject section, string key) => new(section, $"{path}: {key}");

    public string Text(string key, string fallback) => Value(key, fallback, "a text", static element => element.ValueKind == JsonValueKind.String ? element.GetString() : null)!;

    public bool Flag(string key, bool fallback) => Value<bool?>(
        key, fallback, "true or false", static element => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : null)!.Value;

    public double Number(string key, double? fallback = null) => Value<double?>(
        key, fallback, "a number", static element => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && double.IsFinite(value) ? value : null)!.Value;

    public int Positive(string key, int? fallback = null)
    {
        double value = Number(key, fallback);
        return value >= 1 && value <= int.MaxValue && value == Math.Floor(value)
            ? (int)value
            : throw Fault(key, value.ToString(CultureInfo.InvariantCulture), "a positive whole number");
    }

    /// <summary>A token id, or null where the key is absent, null or negative (older files write -1 for none).</summary>
    public int? Token(string key) => Tokens(key) is [int id, ..] ? id : null;

    /// <summary>One token id or a list of them.</summary>
    public IReadOnlyList<int> Tokens(string key)
    {
        var node = Node(key);
        var items = node is JsonArray array ? array.ToArray() : node is null ? [] : [node];
        return [.. items.Select(item => item is JsonValue value && value.TryGetValue(out int id) ? id : throw Fault(key, item?.ToJsonString() ?? "null", "token ids")).Where(id => id >= 0)];
    }

    /// <summary>A text key that may have this one value only.</summary>
    public void Only(string key, string value)
    {
        string found = Text(key, value);
        if (found != value)
        {
            throw Fault(key, $"'{found}'", $"'{value}'; other mathematics is not supported for this family");
        }
    }

    /// <summary>Numbers that must keep the value at which they change nothing.</summary>
    public void Neutral(params ReadOnlySpan<(string Key, double Value)> keys)
    {
        foreach (var (key, value) in keys)
        {
            if (Number(key, value) != value)
            {
                throw Fault(key, json[key]!.ToJsonString(), $"{value.ToString(CultureInfo.InvariantCulture)}; anything else changes the mathematics and is not supported");
            }
        }
    }

    /// <summary>Keys that must be absent, null or false.</summary>
    public void Absent(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            var node = Node(key);
            if (node is not null && !(node is JsonValue value && value.TryGetValue(out bool flag) && !flag))
            {
                throw Fault(key, node.ToJsonString(), "no such key; it changes the mathematics and is not supported for this family");
            }
        }
    }

    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            _read.Add(key);
        }
    }

    private T Value<T>(string key, T? fallback, string expected, Func<JsonElement, T?> convert)
    {
        var node = Node(key);
        if (node is null)
        {
            return fallback ?? throw new CheckpointException($"{path}: key '{key}' is missing; expected {expected}");
        }

        return (node is JsonValue ? convert(JsonDocument.Parse(node.ToJsonString()).RootElement) : default) ?? throw Fault(key, node.ToJsonString(), expected);
    }
}
