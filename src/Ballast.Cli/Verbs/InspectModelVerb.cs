using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Cli.Verbs;

/// <summary>inspect model: tensors with shapes and types, parameters, and what the configuration asks for; reads headers only.</summary>
internal static class InspectModelVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("DIR") { Description = "Hugging Face model folder, or MODEL+ADAPTER" };
        var json = JsonOption.Create();
        var command = new Verb("model", "Show a model's tensors, types, parameters and configuration.",
            "ballast inspect model models/demo-aligned") { folder, json };
        command.SetAction(parse =>
        {
            var name = ModelName.Parse(terminal.Model(parse.GetRequiredValue(folder)));
            var summary = ModelSummary.Read(name.Folder);
            using var adapter = name.Adapter is null ? null : AdapterFolder.Open(name.Adapter);
            if (parse.GetValue(json))
            {
                var facts = ToJson(summary);
                if (adapter is not null)
                {
                    facts["adapter"] = AdapterTable.ToJson(adapter);
                }

                terminal.WriteJson(facts);
            }
            else
            {
                Print(summary, terminal);
                adapter?.Print(terminal);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(ModelSummary summary, Terminal terminal)
    {
        string types = string.Join(", ", summary.ParametersByType.Select(t => $"{t.Key.SafetensorsName} {t.Value:N0}"));
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Folder}: {summary.Parameters:N0} parameters in {summary.Tensors.Count} tensors, {summary.Bytes:N0} bytes ({types})"));
        terminal.Out.WriteLine($"config.json asks for {Demand(summary)}");
        terminal.Out.WriteLine($"files: {string.Join(", ", summary.Tensors.Select(t => t.File).Distinct().Concat(summary.Sidecars))}");
        var tensors = new TextTable("tensor", "type", "shape", ">parameters", "file");
        foreach (var (entry, file) in summary.Tensors)
        {
            string shape = string.Join(" x ", entry.Shape);
            tensors.Add(entry.Name, entry.DType.SafetensorsName, shape, entry.ElementCount.ToString("N0", CultureInfo.InvariantCulture), file);
        }

        tensors.WriteTo(terminal);
        terminal.Out.WriteLine("config.json:");
        foreach (var (key, value) in summary.Config)
        {
            terminal.Out.WriteLine($"  {key}: {value?.ToJsonString() ?? "null"}");
        }
    }

    /// <summary>What the configuration makes of the model, or why Ballast cannot run it.</summary>
    private static string Demand(ModelSummary summary)
    {
        try
        {
            var config = DecoderConfig.Parse(summary.Config, Path.Combine(summary.Folder, ModelFolder.ConfigFile));
            string features = DecoderFeatures.Of(config) is { Count: > 0 } asked ? $"; {string.Join(", ", asked)}" : "";
            string ignored = config.IgnoredKeys.Count > 0 ? $"; keys without effect here: {string.Join(", ", config.IgnoredKeys)}" : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{config.ParameterCount:N0} parameters: {config.NumLayers} layers of width {config.HiddenSize}, {config.NumHeads} heads over {config.NumKvHeads}, {config.VocabSize:N0} tokens, {config.MaxSeqLen:N0} at a time; family {config.Family}{features}{ignored}");
        }
        catch (CheckpointException fault)
        {
            return $"what Ballast does not run: {fault.Message}";
        }
    }

    private static JsonObject ToJson(ModelSummary summary) => new()
    {
        ["folder"] = summary.Folder,
        ["parameters"] = summary.Parameters,
        ["bytes"] = summary.Bytes,
        ["tensors"] = new JsonArray([.. summary.Tensors.Select(t => new JsonObject
        {
            ["name"] = t.Entry.Name,
            ["dtype"] = t.Entry.DType.SafetensorsName,
            ["shape"] = new JsonArray([.. t.Entry.Shape.Select(d => JsonValue.Create(d))]),
            ["file"] = t.File,
        })]),
        ["files"] = new JsonArray([.. summary.Sidecars.Select(f => JsonValue.Create(f))]),
        ["config"] = summary.Config.DeepClone(),
    };
}
