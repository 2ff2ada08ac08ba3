using System.Text.Json.Nodes;

namespace Ballast.Demo;

/// <summary>What the demo found.</summary>
/// <param name="Rows">The table.</param>
/// <param name="Findings">What held and what did not.</param>
/// <param name="Report">The path of the report.</param>
/// <param name="Elapsed">Time from start to report.</param>
/// <param name="SameBits">Whether the rebuilt model has the bits of the shipped one; null when it was not rebuilt or none is shipped.</param>
public sealed record DemoResult(IReadOnlyList<DemoRow> Rows, IReadOnlyList<DemoFinding> Findings, string Report, TimeSpan Elapsed, bool? SameBits)
{
    /// <summary>Rows and findings as JSON: rates in [0, 1], limits as NAME_low and NAME_high.</summary>
    public JsonObject ToJson() => new()
    {
        ["rows"] = RowsJson(),
        ["findings"] = new JsonArray([.. Findings.Select(finding => (JsonNode)new JsonObject { ["outcome"] = finding.InWords, ["words"] = finding.Words })]),
        ["report"] = Report,
        ["seconds"] = Elapsed.TotalSeconds,
        ["same_bits"] = SameBits,
    };

    /// <summary>The rows alone, a list.</summary>
    public JsonArray RowsJson() => new([.. Rows.Select(row => (JsonNode)Json(row))]);

    private static JsonObject Json(DemoRow row)
    {
        var json = new JsonObject { ["name"] = row.Name, ["n"] = row.N, ["seeds"] = row.Seeds };
        foreach (var (name, figure) in new[] { ("asr", row.Asr), ("over_refusal", row.OverRefusal), ("new_task", row.NewTask), ("old_task", row.OldTask) })
        {
            json[name] = figure.Value;
            json[$"{name}_low"] = figure.Low;
            json[$"{name}_high"] = figure.High;
        }

        return json;
    }
}
