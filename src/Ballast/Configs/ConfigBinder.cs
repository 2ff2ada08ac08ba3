using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ballast.Checkpoints;

namespace Ballast.Configs;

/// <summary>Binds a tree to a record after finding every fault in it at once, from source-generated metadata and without reflection.</summary>
internal static class ConfigBinder
{
    /// <summary>The record, or all faults: unknown keys, missing keys, wrong types.</summary>
    /// <exception cref="ConfigException">One line per fault, each <c>place: path: what is wrong</c>.</exception>
    public static T Bind<T>(ConfigTree tree, JsonTypeInfo<T> type) where T : class
    {
        var problems = new List<ConfigProblem>();
        Check(tree.Root, type, "", nullable: false, problems);
        ThrowIfAny(tree, problems);
        try
        {
            return tree.Root.Deserialize(type)!;
        }
        catch (JsonException fault)
        {
            throw new ConfigException($"{tree.File}: {fault.Path}: {fault.Message}", fault);
        }
    }

    /// <summary>Turns problems into one exception with a line each; does nothing when there are none.</summary>
    public static void ThrowIfAny(ConfigTree tree, IReadOnlyCollection<ConfigProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(string.Join('\n', problems.Select(problem =>
                $"{tree.PlaceOf(problem.Path)}: {problem.Path}{(problem.Path.Length == 0 ? "" : ": ")}{problem.Message}")));
        }
    }

    private static void Check(JsonNode? node, JsonTypeInfo type, string path, bool nullable, List<ConfigProblem> problems)
    {
        if (node is null && nullable)
        {
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when node is JsonObject map:
                CheckKeys(map, type, path, problems);
                break;
            case JsonTypeInfoKind.Enumerable when node is JsonArray list:
                for (int i = 0; i < list.Count; i++)
                {
                    Check(list[i], type.Options.GetTypeInfo(type.ElementType!), $"{path}[{i}]", nullable: false, problems);
                }

                break;
            case JsonTypeInfoKind.Dictionary when node is JsonObject map:
                foreach ((string key, JsonNode? value) in map)
                {
                    Check(value, type.Options.GetTypeInfo(type.ElementType!), $"{path}.{key}", nullable: false, problems);
                }

                break;
            case JsonTypeInfoKind.Object or JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary:
                problems.Add(new(path, $"expected {(type.Kind == JsonTypeInfoKind.Enumerable ? "a list" : "keys with values")}, got {Shown(node)}"));
                break;
            default:
                if (ScalarType.Problem(node, type) is string expected)
                {
                    problems.Add(new(path, $"expected {expected}, got {Shown(node)}{Hint(node, type)}"));
                }

                break;
        }
    }

    private static void CheckKeys(JsonObject map, JsonTypeInfo type, string path, List<ConfigProblem> problems)
    {
        Dictionary<string, JsonPropertyInfo> known = type.Properties.ToDictionary(property => property.Name);
        string[] unused = [.. known.Keys.Where(name => !map.ContainsKey(name))];
        foreach ((string key, JsonNode? value) in map)
        {
            string below = path.Length == 0 ? key : $"{path}.{key}";
            if (known.TryGetValue(key, out JsonPropertyInfo? property))
            {
                bool nullable = Nullable.GetUnderlyingType(property.PropertyType) is not null
                    || (property.AssociatedParameter?.IsNullable ?? property.IsSetNullable);
                Check(value, type.Options.GetTypeInfo(property.PropertyType), below, nullable, problems);
            }
            else
            {
                problems.Add(new(below, $"unknown key{(Suggestion.For(key, unused) is { Length: > 0 } near ? near : Suggestion.For(key, known.Keys))}"));
            }
        }

        foreach (JsonPropertyInfo property in type.Properties.Where(property => property.IsRequired && !map.ContainsKey(property.Name)))
        {
            problems.Add(new(path, $"the key '{property.Name}' is missing"));
        }
    }

    private static string Hint(JsonNode? node, JsonTypeInfo type) =>
        node?.GetValueKind() == JsonValueKind.String ? Suggestion.For(node.GetValue<string>(), ScalarType.Names(type)) : "";

    private static string Shown(JsonNode? node) => node switch
    {
        null => "nothing",
        JsonObject => "keys with values",
        JsonArray => "a list",
        _ when node.GetValueKind() == JsonValueKind.String => $"the text {PrintableName.Quote(node.GetValue<string>())}",
        _ => node.ToJsonString(),
    };
}
