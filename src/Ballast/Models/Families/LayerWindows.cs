using System.Text.Json.Nodes;

namespace Ballast.Models.Families;

/// <summary>The sliding window of each layer.</summary>
internal static class LayerWindows
{
    /// <summary>Reads layer_types where the file has them, else takes the family's rule.</summary>
    /// <param name="config">The file.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="window">Tokens that a sliding layer sees, itself included; null: no layer slides.</param>
    /// <param name="slides">The family's rule: whether a layer slides.</param>
    /// <param name="chosenByFile">Whether layer_types decides; if not, the code of the family ignores it and it must agree with the rule.</param>
    public static IReadOnlyList<int?> Read(ConfigReader config, int layers, int? window, Func<int, bool> slides, bool chosenByFile)
    {
        bool[] sliding = [.. Enumerable.Range(0, layers).Select(i => window is not null && slides(i))];
        if (config.Node("layer_types") is { } types)
        {
            bool[]? asked = types is JsonArray list && list.All(type => Kind(type) is not null) ? [.. list.Select(type => Kind(type)!.Value)] : null;
            if (asked is null || asked.Length != layers || (asked.Contains(true) && window is null) || (!chosenByFile && !asked.SequenceEqual(sliding)))
            {
                throw config.Fault("layer_types", types.ToJsonString(), $"{layers} times full_attention or sliding_attention{(window is null ? ", none of them sliding without a window" : chosenByFile ? "" : ", as sliding_window says")}");
            }

            sliding = asked;
        }

        return sliding.Contains(true) ? [.. sliding.Select(slide => slide ? window : null)] : [];
    }

    /// <summary>sliding_window: the fallback where the key is absent, none where it is null.</summary>
    public static int? Size(ConfigReader config, int? fallback) =>
        !config.Has("sliding_window") ? fallback : config.Node("sliding_window") is null ? null : config.Positive("sliding_window");

    private static bool? Kind(JsonNode? type) => type is not JsonValue value || !value.TryGetValue(out string? name) ? null : name switch
    {
        "full_attention" => false,
        "sliding_attention" => true,
        _ => null,
    };
}
