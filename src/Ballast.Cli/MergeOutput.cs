using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Merging;

namespace Ballast.Cli;

/// <summary>What merge shows: the plan of a dry run, or what was written.</summary>
internal static class MergeOutput
{
    /// <summary>Shows a plan.</summary>
    public static int Show(Terminal terminal, MergePreview plan, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["method"] = plan.Method, ["bytes_read"] = plan.BytesRead, ["bytes_written"] = plan.BytesWritten, ["buffer_bytes"] = plan.BufferBytes, ["shards"] = plan.Shards,
                ["notes"] = Texts(plan.Notes),
                ["tensors"] = new JsonArray([.. plan.Tensors.Select(t => new JsonObject
                {
                    ["name"] = t.Name, ["dtype"] = t.Type, ["shape"] = new JsonArray([.. t.Shape.Select(d => JsonValue.Create(d))]), ["sources"] = Texts(t.Sources), ["parameters"] = t.Numbers,
                })]),
            });
            return ExitCode.Success;
        }

        var table = new TextTable("tensor", "type", "shape", "sources", "numbers");
        foreach (PreviewedTensor tensor in plan.Tensors)
        {
            table.Add(tensor.Name, tensor.Type, $"[{string.Join(", ", tensor.Shape)}]", string.Join("; ", tensor.Sources), tensor.Numbers);
        }

        table.WriteTo(terminal);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{plan.Method}: {plan.Tensors.Count} tensors; reads {ByteSize.Text(plan.BytesRead)}, writes {ByteSize.Text(plan.BytesWritten)} in {plan.Shards} file{(plan.Shards == 1 ? "" : "s")}; buffers {ByteSize.Text(plan.BufferBytes)}"));
        return ExitCode.Success;
    }

    /// <summary>Says what was written.</summary>
    public static int Show(Terminal terminal, string folder, MergeResult result, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["folder"] = folder, ["method"] = result.Method, ["tensors"] = result.Tensors, ["parameters"] = result.Parameters, ["bytes"] = result.Bytes, ["resumed_tensors"] = result.Resumed,
                ["inputs"] = new JsonArray([.. result.Inputs.Select(i => new JsonObject { ["model"] = i.Model, ["weights_sha256"] = i.Sha256 })]),
                ["notes"] = Texts(result.Notes),
            });
            return ExitCode.Success;
        }

        string resumed = result.Resumed == 0 ? "" : $", {result.Resumed} of them from the run before";
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{folder}: {result.Method}: {result.Tensors} tensors{resumed}, {result.Parameters:N0} parameters, {ByteSize.Text(result.Bytes)}"));
        return ExitCode.Success;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);
}
