using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ballast.Adapters;

namespace Ballast.Configs;

/// <summary>What a single value of a configuration may be: text, a number, a boolean, one of an enum's names.</summary>
internal static class ScalarType
{
    /// <summary>What was expected, when the value does not fit; null when it fits.</summary>
    public static string? Problem(JsonNode? node, JsonTypeInfo type)
    {
        Type plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        bool fits;
        if (plain.IsEnum)
        {
            fits = node?.GetValueKind() == JsonValueKind.String && Names(type).Contains(node.GetValue<string>());
        }
        else
        {
            try
            {
                fits = node is not null && node.Deserialize(type) is not null;
            }
            catch (JsonException)
            {
                fits = false;
            }
        }

        return fits ? null : Expected(plain, type);
    }

    /// <summary>The names an enum's values have in a configuration; empty for other types.</summary>
    public static IReadOnlyList<string> Names(JsonTypeInfo type)
    {
        Type plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return plain.IsEnum ? [.. Enum.GetNames(plain).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)] : [];
    }

    private static string Expected(Type plain, JsonTypeInfo type) => plain switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", Names(type))}",
        _ when plain == typeof(string) => "text",
        _ when plain == typeof(bool) => "true or false",
        _ when plain == typeof(int) || plain == typeof(long) => "a whole number",
        _ when plain == typeof(ulong) || plain == typeof(uint) => "a whole number of at least 0",
        _ when plain == typeof(double) => "a number",
        _ when plain == typeof(ModuleNames) => "a list of names, or one text",
        _ => "keys with values",
    };
}
