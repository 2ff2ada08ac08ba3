using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ballast.Adapters;

namespace Ballast.Configs;

/// <summary>The JSON schema of a recipe, made from the records that recipes are bound to and from their documentation, so that it cannot drift from either.</summary>
/// <param name="docs">What the keys mean.</param>
public sealed class RecipeSchema(RecipeDocs docs)
{
    /// <summary>The schema, draft 7, as editors with a YAML language server read it.</summary>
    public JsonObject Build()
    {
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "Ballast recipe" };
        foreach (var (key, value) in Map(ConfigContext.Default.Recipe).ToArray())
        {
            schema[key] = value?.DeepClone();
        }

        return schema;
    }

    private JsonObject Map(JsonTypeInfo type)
    {
        var keys = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.Properties)
        {
            keys[property.Name] = Property(property, type.Type);
            if (property.IsRequired)
            {
                required.Add((JsonNode)property.Name);
            }
        }

        var map = new JsonObject { ["type"] = "object", ["description"] = docs.Summary(type.Type), ["properties"] = keys, ["additionalProperties"] = false };
        if (required.Count > 0)
        {
            map["required"] = required;
        }

        return map;
    }

    private JsonObject Property(JsonPropertyInfo property, Type owner)
    {
        var type = ConfigContext.Default.Options.GetTypeInfo(property.PropertyType);
        bool nullable = Nullable.GetUnderlyingType(property.PropertyType) is not null || (property.AssociatedParameter?.IsNullable ?? property.IsSetNullable);
        var schema = Value(type);
        if (nullable && schema["enum"] is JsonArray names)
        {
            names.Add((JsonNode?)null);
        }
        else if (nullable && (schema["type"] is JsonArray || (string?)schema["type"] is "object" or "array"))
        {
            schema = new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
        }
        else if (nullable)
        {
            schema["type"] = new JsonArray((string)schema["type"]!, "null");
        }

        string values = ScalarType.Names(type) is { Count: > 0 } words ? " " + string.Join(" ", words.Select(word => $"{word}: {docs.Value(type.Type, word)}")) : "";
        schema["description"] = docs.Key(owner, property.Name) + values;
        if (property.AssociatedParameter is { HasDefaultValue: true, DefaultValue: { } value })
        {
            schema["default"] = JsonSerializer.SerializeToNode(value, type);
        }

        return schema;
    }

    private JsonObject Value(JsonTypeInfo type)
    {
        var plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object => Map(type),
            JsonTypeInfoKind.Enumerable => new JsonObject { ["type"] = "array", ["items"] = Value(ConfigContext.Default.Options.GetTypeInfo(type.ElementType!)) },
            JsonTypeInfoKind.Dictionary => new JsonObject { ["type"] = "object", ["additionalProperties"] = Value(ConfigContext.Default.Options.GetTypeInfo(type.ElementType!)) },
            _ when plain == typeof(ModuleNames) => new JsonObject { ["type"] = new JsonArray("string", "array"), ["items"] = new JsonObject { ["type"] = "string" } },
            _ when plain.IsEnum => new JsonObject { ["enum"] = new JsonArray([.. ScalarType.Names(type).Select(name => JsonValue.Create(name))]) },
            _ when plain == typeof(string) => new JsonObject { ["type"] = "string" },
            _ when plain == typeof(bool) => new JsonObject { ["type"] = "boolean" },
            _ when plain == typeof(ulong) || plain == typeof(uint) => new JsonObject { ["type"] = "integer", ["minimum"] = 0 },
            _ when plain == typeof(int) || plain == typeof(long) => new JsonObject { ["type"] = "integer" },
            _ when plain == typeof(double) => new JsonObject { ["type"] = "number" },
            _ => new JsonObject { ["type"] = "object" },
        };
    }
}
