using System.Globalization;
using Ballast.Tensors;

namespace Ballast.Merging;

/// <summary>The model card of a merge: what was merged, how, and the hashes that identify the inputs.</summary>
internal static class MergeCard
{
    public static string Write(string alignedFolder, string tunedFolder, LinearMergeOptions options, MergeSummary summary) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        ---
        library_name: transformers
        tags:
        - merge
        ---
        # {Name(tunedFolder)} merged with {Name(alignedFolder)}

        Linear merge by Ballast: W = (1 - lambda) aligned + lambda tuned, per tensor, computed in single precision (double for F64 inputs) and rounded once.

        | | |
        |---|---|
        | lambda (share of the tuned model) | {summary.Lambda} |
        | output type | {options.OutputType?.SafetensorsName ?? "that of the tuned model"} |
        | aligned model | {Name(alignedFolder)} |
        | aligned weights, SHA-256 | {summary.AlignedHash} |
        | tuned model | {Name(tunedFolder)} |
        | tuned weights, SHA-256 | {summary.TunedHash} |
        | parameters | {summary.Parameters} |
        | norm of tuned - aligned | {summary.TaskNorm:g6} |
        | the same, relative to the aligned weights | {summary.RelativeDistance:g6} |
        | head | {(summary.HeadUntied ? "untied: one input shares it with the embedding, the other does not" : "as in the tuned model")} |

        The hashes run over the tensors in order of their names: name, type, shape and data. Configuration, tokenizer and chat template come from the tuned model.

        """);

    private static string Name(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}
