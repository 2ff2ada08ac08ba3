using System.Globalization;
using System.Text;
using Ballast.Checkpoints;
using Ballast.Merging.Config;
using Ballast.Merging.Methods;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging;

/// <summary>What people read about a merge: the model card, and the lines of a preview.</summary>
internal static class MergeCards
{
    /// <summary>The model card: recipe, inputs with their hashes, what the method noticed.</summary>
    public static string Write(string folder, MergeConfig config, MergeOptions options, MergeResult result, IReadOnlyDictionary<string, string> notes)
    {
        NamedMethod method = NamedMethod.Find(config.Method)!;
        StringBuilder card = new();
        card.Append(CultureInfo.InvariantCulture, $"""
            ---
            library_name: transformers
            tags:
            - merge
            - mergekit
            ---
            # {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))}

            Merged by Ballast with {config.Method} ({method.About}; {method.Origin}), computed in single precision and rounded once.

            | input | weights, SHA-256 |
            |---|---|

            """);
        foreach (MergeInputHash input in result.Inputs)
        {
            card.Append(CultureInfo.InvariantCulture, $"| {input.Model} | {input.Sha256} |\n");
        }

        card.Append(CultureInfo.InvariantCulture, $"""

            The hashes run over the tensors in order of their names: name, type, shape and BLAKE3 of the data. {result.Tensors} tensors, {result.Parameters} parameters, seed {options.Seed}.

            ```yaml
            {config.Text.Trim()}
            ```

            """);
        if (result.Notes.Count > 0)
        {
            card.Append('\n').AppendJoin('\n', result.Notes.Select(n => $"- {n}")).Append('\n');
        }

        KeyValuePair<string, string>[] measured = [.. notes.Where(n => n.Value.Length > 0)];
        if (measured.Length > 0)
        {
            card.Append("\n| tensor | measured |\n|---|---|\n");
            foreach (var (tensor, note) in measured)
            {
                card.Append(CultureInfo.InvariantCulture, $"| {tensor} | {note} |\n");
            }
        }

        return card.ToString();
    }

    /// <summary>A tensor for the preview.</summary>
    public static PreviewedTensor Preview(PlannedTensor tensor, MergeMethod method) => new(
        tensor.Output.Name,
        tensor.Output.DType.SafetensorsName,
        tensor.Output.Shape,
        [
            .. tensor.Models.Select((input, m) => $"{input.Model.Reference} {PrintableName.Quote(input.Entry.Name)} {Numbers(method, perModel: true, p => tensor.Numbers[p, m])}".TrimEnd()),
            .. tensor.Base is { } origin ? [$"{origin.Model.Reference} {PrintableName.Quote(origin.Entry.Name)} (base)"] : Array.Empty<string>(),
        ],
        Numbers(method, perModel: false, p => tensor.Numbers[p]));

    private static string Numbers(MergeMethod method, bool perModel, Func<string, double> value) =>
        string.Join(' ', method.Parameters.Where(p => p.PerModel == perModel).Select(p => $"{p.Name}={value(p.Name).ToString("g6", CultureInfo.InvariantCulture)}"));
}
