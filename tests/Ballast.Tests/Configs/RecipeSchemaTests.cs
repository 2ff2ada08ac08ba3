using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Configs;

public class RecipeSchemaTests
{
    private static readonly string s_configs = Path.Combine(Shared.Root, "configs");
    private static readonly JsonObject s_schema = JsonNode.Parse(CommandLine.Run("schema").Success())!.AsObject();

    public static TheoryData<string> Recipes => [.. Directory.EnumerateFiles(s_configs, "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(s_configs, file))];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Every_shipped_recipe_fits_the_schema_and_can_be_read(string file)
    {
        string path = Path.Combine(s_configs, file);
        Assert.Empty(Problems(YamlReader.Read(path).Root, s_schema, ""));
        Recipe.Parse(File.ReadAllText(path), file);
    }

    [Theory]
    [InlineData("extra: 1")]
    [InlineData("training:\n  learning_rat: 1.0")]
    [InlineData("training:\n  schedule: cosin")]
    [InlineData("training:\n  batch_size: many")]
    [InlineData("training:\n  seed: -1")]
    [InlineData("ema:\n  decay: text")]
    [InlineData("data: {}")]
    public void What_a_recipe_may_not_hold_does_not_fit_the_schema(string text)
    {
        string start = text.StartsWith("data", StringComparison.Ordinal) ? "" : "data:\n  train: []\n";
        Assert.NotEmpty(Problems(YamlReader.Parse($"model: m\noutput: o\n{start}{text}\n", "x").Root, s_schema, ""));
    }

    [Fact]
    public void A_recipe_written_with_all_defaults_fits()
    {
        string yaml = Recipe.Parse("model: m\noutput: o\ndata:\n  train:\n    - path: p\nema: {}\nprobe:\n  suite: s\n", "x").ToYaml();
        Assert.Empty(Problems(YamlReader.Parse(yaml, "x").Root, s_schema, ""));
    }

    [Fact]
    public void The_schema_beside_the_recipes_is_the_one_that_is_printed() =>
        Assert.True(
            JsonNode.DeepEquals(s_schema, JsonNode.Parse(File.ReadAllText(Path.Combine(s_configs, "recipe.schema.json")))),
            "write it anew: ./ballast schema > configs/recipe.schema.json");

    [Fact]
    public void The_documentation_lists_every_key_and_no_other()
    {
        string text = File.ReadAllText(Path.Combine(Shared.Root, "docs", "design.md")).Split("```yaml\n")[1].Split("```")[0];
        Assert.Equal(Keys(s_schema, "").Where(key => !key.StartsWith("data.validation.", StringComparison.Ordinal)).Order(), Written(YamlReader.Parse(text, "design.md").Root, "").Order());

        static IEnumerable<string> Keys(JsonObject schema, string path) =>
            ((schema["properties"] ?? schema["items"]?["properties"] ?? schema["anyOf"]?[0]?["properties"]) as JsonObject ?? []).SelectMany(key =>
                Keys(key.Value!.AsObject(), $"{path}{key.Key}.").Prepend($"{path}{key.Key}"));

        static IEnumerable<string> Written(JsonNode? node, string path) => node is JsonArray list ? list.SelectMany(item => Written(item, path))
            : (node as JsonObject ?? []).SelectMany(key => Written(key.Value, $"{path}{key.Key}.").Prepend($"{path}{key.Key}"));
    }

    [Fact]
    public void Every_key_is_explained()
    {
        Assert.Empty(Unexplained(s_schema, "recipe"));

        static IEnumerable<string> Unexplained(JsonObject schema, string path) =>
            ((schema["properties"] ?? schema["items"]?["properties"] ?? schema["anyOf"]?[0]?["properties"]) as JsonObject ?? []).SelectMany(key => (IEnumerable<string>)
            [
                .. string.IsNullOrWhiteSpace((string?)key.Value!["description"]) ? [$"{path}.{key.Key}"] : Array.Empty<string>(), .. Unexplained(key.Value.AsObject(), $"{path}.{key.Key}"),
            ]);
    }

    // The part of JSON schema that the schema uses.
    private static IEnumerable<string> Problems(JsonNode? value, JsonObject schema, string path)
    {
        if (schema["anyOf"] is JsonArray any)
        {
            var tried = any.Select(one => Problems(value, one!.AsObject(), path).ToArray()).ToArray();
            return tried.Any(problems => problems.Length == 0) ? [] : tried[0];
        }

        if (schema["enum"] is JsonArray names)
        {
            return names.Any(name => JsonNode.DeepEquals(name, value)) ? [] : [$"{path}: {value} is none of {names.ToJsonString()}"];
        }

        string[] types = schema["type"] is JsonArray list ? [.. list.Select(type => (string)type!)] : [(string)schema["type"]!];
        if (!types.Contains(TypeOf(value)) && !(TypeOf(value) == "integer" && types.Contains("number")))
        {
            return [$"{path}: {TypeOf(value)} is none of {string.Join(", ", types)}"];
        }

        return value switch
        {
            JsonArray array => array.SelectMany((item, i) => Problems(item, schema["items"]!.AsObject(), $"{path}[{i}]")),
            JsonObject map when schema["properties"] is JsonObject keys =>
            [
                .. map.SelectMany(pair => keys[pair.Key] is JsonObject inner ? Problems(pair.Value, inner, $"{path}.{pair.Key}") : [$"{path}.{pair.Key}: unknown"]),
                .. (schema["required"] as JsonArray ?? []).Where(name => !map.ContainsKey((string)name!)).Select(name => $"{path}: {name} is missing"),
            ],
            _ when schema["minimum"] is { } least && decimal.Parse(value!.ToJsonString(), CultureInfo.InvariantCulture) < (int)least => [$"{path}: {value} is below {least}"],
            _ => [],
        };
    }

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray => "array",
        JsonObject => "object",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E') ? "number" : "integer",
            _ => "boolean",
        },
    };
}
