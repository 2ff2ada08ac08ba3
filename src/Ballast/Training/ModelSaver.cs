using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Writes a model's weights as a Hugging Face folder beside everything its source folder had.</summary>
internal static class ModelSaver
{
    /// <summary>Writes the folder whole or not at all.</summary>
    /// <param name="model">Gives names and shapes.</param>
    /// <param name="flat">The weights to write, laid out like the model's masters; null: the masters.</param>
    /// <param name="source">Folder whose configuration, tokenizer and template are copied; each tensor keeps the element type it has there.</param>
    /// <param name="folder">The folder to make.</param>
    /// <param name="card">Text of the model card.</param>
    /// <exception cref="RunException">A weight is not finite, or the disk is full or fails.</exception>
    public static unsafe void Save(Decoder model, Tensor? flat, string source, string folder, string card)
    {
        var types = Types(source);
        var entries = model.Weights.Names.Select(pair =>
        {
            var type = types.GetValueOrDefault(pair.Name, DType.F32);
            return new TensorEntry(pair.Name, type, pair.Shape, pair.Shape.Aggregate(1L, (a, b) => a * b) * type.BitSize / 8);
        }).ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        using var writer = new CheckpointWriter(folder, entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal));
        foreach (var (name, view) in model.Weights.Views(flat))
        {
            using (view)
            {
                if (!double.IsFinite(view.SquareSum()))
                {
                    throw new RunException($"{folder}: tensor '{name}' is not finite; the model was not written");
                }

                using var rounded = view.To(Device.Cpu, entries[name].DType);
                var data = (byte*)rounded.Data;
                for (long offset = 0, left = entries[name].ByteCount; left > 0;)
                {
                    int part = (int)Math.Min(left, 1 << 28);
                    writer.Write(name, offset, new ReadOnlySpan<byte>(data + offset, part));
                    offset += part;
                    left -= part;
                }
            }
        }

        writer.CopySidecars(source);
        writer.WriteText("README.md", card);
        writer.Complete();
    }

    private static Dictionary<string, DType> Types(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return checkpoint.Entries.Values.ToDictionary(entry => entry.Name, entry => entry.DType, StringComparer.Ordinal);
    }
}
