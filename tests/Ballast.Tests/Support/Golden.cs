using System.Text.Json.Nodes;

namespace Ballast.Tests.Support;

/// <summary>Reads golden files: JSON, or one JSON object per line.</summary>
internal static class Golden
{
    public static JsonNode Json(params string[] parts) => JsonNode.Parse(File.ReadAllText(Shared.Path(["golden", .. parts])))!;

    public static IReadOnlyList<JsonNode> Lines(params string[] parts) =>
        [.. File.ReadLines(Shared.Path(["golden", .. parts])).Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];

    public static double[] Numbers(JsonNode? node) => [.. node!.AsArray().Select(item => item!.GetValue<double>())];
}
