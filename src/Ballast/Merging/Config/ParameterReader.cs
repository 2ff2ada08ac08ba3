using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Merging.Methods;

namespace Ballast.Merging.Config;

/// <summary>Reads the numbers of a merge method: scalars, lists over depth, lists of filters.</summary>
internal sealed class ParameterReader(ConfigTree tree, NamedMethod method, List<string> notes)
{
    /// <summary>Numbers of other methods and versions, which published files carry along.</summary>
    private static readonly HashSet<string> s_others =
        [.. NamedMethod.All.SelectMany(m => m.Method.Parameters.Select(p => p.Name)), "int8_mask", "rescale", "density", "embed_slerp", "consensus_method", "sparsification_method"];

    /// <summary>Reads the keys under <c>parameters</c>.</summary>
    /// <param name="node">The mapping, or null.</param>
    /// <param name="at">Its path.</param>
    /// <param name="ofModel">True under a model, where numbers of the whole merge have no effect.</param>
    /// <exception cref="ConfigException">A key is unknown or a value no number.</exception>
    public Dictionary<string, ParameterValue> Read(JsonNode? node, string at, bool ofModel = false)
    {
        Dictionary<string, ParameterValue> values = [];
        if (node is null)
        {
            return values;
        }

        foreach ((string key, JsonNode? value) in node as JsonObject ?? throw new ConfigException($"{tree.PlaceOf(at)}: {at}: expected keys with values"))
        {
            string path = $"{at}.{key}";
            MethodParameter? parameter = method.Method.Parameters.FirstOrDefault(p => p.Name == key);
            if (parameter is null && !s_others.Contains(key))
            {
                throw new ConfigException($"{tree.PlaceOf(path)}: {method.Name} has no parameter '{key}'{Suggestion.For(key, method.Method.Parameters.Select(p => p.Name))}"
                    + $"; it takes {string.Join(", ", method.Method.Parameters.Select(p => p.Name))}");
            }

            if (parameter is null || (ofModel && !parameter.PerModel))
            {
                notes.Add($"{tree.PlaceOf(path)}: {key} has no effect {(parameter is null ? $"on {method.Name}" : "under a model; it is a number of the whole merge")}");
                continue;
            }

            values.Add(key, Value(value, path, parameter.IsFlag));
        }

        return values;
    }

    private ParameterValue Value(JsonNode? node, string path, bool flag)
    {
        if (node is JsonArray list && list.Any(item => item is JsonObject))
        {
            return new ParameterValue([.. list.Select((item, i) => Case(item, $"{path}[{i}]", flag))]);
        }

        return new ParameterValue([node is JsonObject single ? Case(single, path, flag) : new ParameterCase(null, Points(node, path, flag), flag)]);
    }

    private ParameterCase Case(JsonNode? node, string path, bool flag)
    {
        if (node is not JsonObject map || map.FirstOrDefault(p => p.Key is not ("filter" or "value")).Key is { } stranger)
        {
            throw new ConfigException($"{tree.PlaceOf(path)}: {path}: expected a filter and a value, such as {{filter: self_attn, value: 0.5}}");
        }

        return map.ContainsKey("value")
            ? new ParameterCase(map["filter"]?.ToString(), Points(map["value"], $"{path}.value", flag), flag)
            : throw new ConfigException($"{tree.PlaceOf(path)}: {path}: value is missing");
    }

    private double[] Points(JsonNode? node, string path, bool flag) => node is JsonArray list
        ? [.. list.Select((item, i) => Number(item, $"{path}[{i}]", flag))]
        : [Number(node, path, flag)];

    private double Number(JsonNode? node, string path, bool flag)
    {
        switch (node?.GetValueKind())
        {
            case JsonValueKind.True:
                return 1;
            case JsonValueKind.False:
                return 0;
            case JsonValueKind.Number:
                return double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);
            case JsonValueKind.String when double.TryParse(node.GetValue<string>(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number):
                return number;
            case JsonValueKind.String when flag && PlainScalar.ReadPython(node.GetValue<string>().ToLowerInvariant())?.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                return PlainScalar.ReadPython(node!.GetValue<string>().ToLowerInvariant())!.GetValue<bool>() ? 1 : 0;
            default:
                string found = node is null ? "nothing" : PrintableName.Quote(node.ToJsonString().Trim('"'));
                throw new ConfigException($"{tree.PlaceOf(path)}: {path}: expected {(flag ? "true or false" : "a number")}, found {found}");
        }
    }
}
