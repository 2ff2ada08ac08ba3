using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>Rows that are tokens already: input_ids, and labels with -100 where there is no target; without labels every token is one.</summary>
internal sealed class TokensFormat : DataFormat
{
    /// <inheritdoc/>
    public override string Name => "tokens";

    /// <inheritdoc/>
    public override string Shape => "input_ids, labels";

    /// <inheritdoc/>
    public override bool Fits(JsonObject row) => row.ContainsKey("input_ids");

    /// <inheritdoc/>
    public override Example Convert(JsonObject row)
    {
        int[] ids = Numbers(row, "input_ids");
        int[] labels = row.ContainsKey("labels") ? Numbers(row, "labels") : ids;
        return labels.Length == ids.Length ? new TokenExample(ids, labels)
            : throw new BadRowException("labels", $"has {labels.Length} numbers, input_ids {ids.Length}");
    }

    private static int[] Numbers(JsonObject row, string name) => [.. Field.List(row, name).Select((item, i) => Number(item)
        ?? throw new BadRowException($"{name}[{i}]", $"expected a whole number, got {Field.Kind(item)}"))];

    /// <summary>JSON text gives either type; Parquet gives the type of its column.</summary>
    private static int? Number(JsonNode? item) => item is not JsonValue value ? null
        : value.TryGetValue(out int number) ? number
        : value.TryGetValue(out long wide) && wide is >= int.MinValue and <= int.MaxValue ? (int)wide : null;
}
