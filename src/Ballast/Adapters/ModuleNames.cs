using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Ballast.Adapters;

/// <summary>Which modules are meant: a list of path endings, or one regular expression for whole paths (PEFT's target_modules and exclude_modules).</summary>
/// <param name="Names">Endings of module paths on whole components, as in q_proj or layers.0.mlp.up_proj; null: a pattern rules.</param>
/// <param name="Pattern">A regular expression that must match the whole path; null: names rule.</param>
[JsonConverter(typeof(ModuleNamesConverter))]
public sealed record ModuleNames(IReadOnlyList<string>? Names, string? Pattern)
{
    /// <summary>The word for every linear layer except the output head.</summary>
    public const string AllLinear = "all-linear";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    /// <summary>Whether every linear layer is meant.</summary>
    public bool IsAllLinear => string.Equals(Pattern, AllLinear, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a module's path is meant, "all-linear" left aside.</summary>
    public bool Match(string module) => Pattern is null ? Names!.Any(name => EndsWith(module, name)) : Expression($"^(?:{Pattern})$").IsMatch(module);

    /// <summary>What is wrong with the pattern; null: nothing.</summary>
    public string? Problem() => Pattern is null || IsAllLinear ? null : ProblemOf(Pattern);

    /// <summary>What is wrong with a regular expression; null: nothing.</summary>
    internal static string? ProblemOf(string pattern)
    {
        try
        {
            _ = Expression(pattern);
            return null;
        }
        catch (ArgumentException fault)
        {
            return $"'{pattern}' is no regular expression: {fault.Message}";
        }
    }

    /// <summary>Whether a path is a name or ends with it after a dot.</summary>
    internal static bool EndsWith(string module, string name) =>
        module == name || module.EndsWith(name, StringComparison.Ordinal) && module[^(name.Length + 1)] == '.';

    /// <summary>A regular expression of a stranger: it may not run for long.</summary>
    internal static Regex Expression(string pattern) => new(pattern, RegexOptions.CultureInvariant, s_limit);

    /// <summary>The JSON of PEFT: a list or a string.</summary>
    public JsonNode ToJson() => Pattern is not null ? JsonValue.Create(Pattern) : new JsonArray([.. Names!.Select(name => JsonValue.Create(name))]);

    /// <inheritdoc/>
    public bool Equals(ModuleNames? other) => other is not null && Pattern == other.Pattern && (Names ?? []).Order(StringComparer.Ordinal).SequenceEqual((other.Names ?? []).Order(StringComparer.Ordinal));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pattern, Names?.Count);
}

/// <summary>Reads and writes a list of texts, or one text.</summary>
internal sealed class ModuleNamesConverter : JsonConverter<ModuleNames>
{
    /// <inheritdoc/>
    public override ModuleNames Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.String)
        {
            return new ModuleNames(null, reader.GetString());
        }

        var names = new List<string>();
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            throw new JsonException("expected a text or a list of texts");
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            names.Add(reader.TokenType is JsonTokenType.String ? reader.GetString()! : throw new JsonException("expected a list of texts"));
        }

        return new ModuleNames(names, null);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ModuleNames value, JsonSerializerOptions options) => value.ToJson().WriteTo(writer);
}
