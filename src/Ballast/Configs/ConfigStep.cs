using System.Globalization;
using System.Text.Json.Nodes;

namespace Ballast.Configs;

/// <summary>One step of a dotted path: a key of a mapping, or an index into a list (then <see cref="Index"/> is set).</summary>
internal sealed record ConfigStep(string Key, int? Index)
{
    /// <summary>The path that this step leads to from <paramref name="path"/>.</summary>
    public string After(string path) => Index is int index ? $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]"
        : path.Length == 0 ? Key : $"{path}.{Key}";

    /// <summary>True when the step can be taken: a key in a mapping, or an index no larger than the list.</summary>
    public bool In(JsonNode node) => Index is int index ? node is JsonArray array && index <= array.Count : node is JsonObject;

    /// <summary>The value there, or null when it is absent or null.</summary>
    public JsonNode? Get(JsonNode node) => Index is int index ? (index < node.AsArray().Count ? node[index] : null) : node[Key];

    /// <summary>Stores a value there.</summary>
    public void Put(JsonNode node, JsonNode? value)
    {
        if (Index is not int index)
        {
            node[Key] = value;
        }
        else if (index < node.AsArray().Count)
        {
            node[index] = value;
        }
        else
        {
            node.AsArray().Add(value);
        }
    }

    /// <summary>Why the step cannot be taken.</summary>
    public string Missing(JsonNode node) => (Index, node) switch
    {
        (not null, JsonArray array) => $"the list has {array.Count} items, so the next index is {array.Count}",
        (not null, _) => "an index needs a list here",
        (null, JsonArray) => $"'{Key}' is asked of a list; an item is named by its index, as in [0]",
        _ => $"'{Key}' is asked of a value that is not a mapping",
    };
}
