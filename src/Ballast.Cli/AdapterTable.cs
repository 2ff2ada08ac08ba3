using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Adapters;

namespace Ballast.Cli;

/// <summary>Shows what an adapter holds: rank and scaling of each module, and what is replaced whole.</summary>
internal static class AdapterTable
{
    public static void Print(this AdapterFolder adapter, Terminal terminal)
    {
        long parameters = adapter.File.Entries.Values.Sum(entry => entry.ElementCount);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{adapter.Folder}: an adapter of {parameters:N0} parameters{(adapter.Config.UseDora ? ", with magnitudes (DoRA)" : "")}"));
        var table = new TextTable("module", ">rank", ">scaling");
        foreach (var (module, (rank, scaling)) in adapter.Parts)
        {
            table.Add(module, rank.ToString(CultureInfo.InvariantCulture), scaling.ToString("0.####", CultureInfo.InvariantCulture));
        }

        table.WriteTo(terminal);
        foreach (string tensor in adapter.Replaced)
        {
            terminal.Out.WriteLine($"replaced whole: {tensor}");
        }
    }

    public static JsonObject ToJson(AdapterFolder adapter) => new()
    {
        ["folder"] = adapter.Folder,
        ["parameters"] = adapter.File.Entries.Values.Sum(entry => entry.ElementCount),
        ["use_dora"] = adapter.Config.UseDora,
        ["modules"] = new JsonObject(adapter.Parts.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)new JsonObject { ["rank"] = pair.Value.Rank, ["scaling"] = pair.Value.Scaling }))),
        ["replaced"] = new JsonArray([.. adapter.Replaced.Select(tensor => JsonValue.Create(tensor))]),
    };
}
