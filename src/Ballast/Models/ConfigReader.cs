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

    /// <summary>Whether the file has the key, be it null.</summary>
    public bool Has(string key) => json.ContainsKey(key);

    public double? OptionalNumber(string key) => Node(key) is null ? null : Number(key);

    /// <summary>A number where one is given or the key is absent, null where the file says null.</summary>
    public double? NumberOrNone(string key, double fallback) => Has(key) ? OptionalNumber(key) : fallback;

    public IReadOnlyList<double> Numbers(string key) => Node(key) is JsonArray { Count: > 0 } items && items.All(item => item is JsonValue value && value.TryGetValue(out double x) && x > 0)
        ? [.. items.Select(item => (double)item!)]
        : throw Fault(key, json[key]?.ToJsonString() ?? "missing", "a list of positive numbers");

    /// <summary>A token id; null where the key is null or negative (older files write -1 for none).</summary>
    public int? Token(string key, int? fallback = null) => !Has(key) ? fallback : Tokens(key) is [int id, ..] ? id : null;

    /// <summary>One token id or a list of them.</summary>
    public IReadOnlyList<int> Tokens(string key)
    {
        var node = Node(key);
        var items = node is JsonArray array ? array.ToArray() : node is null ? [] : [node];
        return [.. items.Select(item => item is JsonValue value && value.TryGetValue(out int id) ? id : throw Fault(key, item?.ToJsonString() ?? "null", "token ids")).Where(id => id >= 0)];
    }

    /// <summary>A text key that may have these values only; the first stands for an absent key.</summary>
    public string OneOf(string key, params ReadOnlySpan<string> values)
    {
        string found = Text(key, values[0]);
        return values.Contains(found) ? found : throw Fault(key, $"'{found}'", $"'{string.Join("' or '", values)}'; other mathematics is not supported for this family");
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
