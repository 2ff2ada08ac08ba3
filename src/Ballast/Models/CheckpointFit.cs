using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Compares a checkpoint's headers with the tensors that a configuration asks for; no weight is read.</summary>
internal static class CheckpointFit
{
    /// <summary>One line per tensor that is unknown, missing, of another shape or of a type that holds no numbers.</summary>
    /// <param name="wanted">Hugging Face names and shapes.</param>
    /// <param name="checkpoint">The headers.</param>
    /// <param name="mayBePresent">Names that are not asked for and do no harm.</param>
    public static IEnumerable<string> Problems(IEnumerable<(string Name, long[] Shape)> wanted, Checkpoint checkpoint, IReadOnlySet<string> mayBePresent)
    {
        var shapes = wanted.ToDictionary(pair => pair.Name, pair => pair.Shape, StringComparer.Ordinal);
        foreach (string name in checkpoint.Entries.Keys.Where(name => !shapes.ContainsKey(name) && !mayBePresent.Contains(name)))
        {
            yield return $"{checkpoint.FileOf(name)}: unknown tensor {PrintableName.Quote(name)}; config.json describes a model without it";
        }

        foreach (var (name, shape) in shapes)
        {
            if (!checkpoint.Entries.TryGetValue(name, out var entry))
            {
                yield return $"{checkpoint.Folder}: tensor '{name}' is missing; expected shape {TensorEntry.ShapeText(shape)}";
            }
            else if (!entry.Shape.AsSpan().SequenceEqual(shape))
            {
                yield return $"{checkpoint.FileOf(name)}: tensor '{name}' has shape {TensorEntry.ShapeText(entry.Shape)}; config.json asks for {TensorEntry.ShapeText(shape)}";
            }
            else if (!entry.DType.IsFloat)
            {
                yield return $"{checkpoint.FileOf(name)}: tensor '{name}' is {entry.DType.SafetensorsName}; expected F32, F16, BF16 or F64";
            }
        }
    }
}
