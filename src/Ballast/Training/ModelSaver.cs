using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Hub;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Writes a model's weights as a Hugging Face folder beside everything its source folder had; of a model with an adapter the adapter alone, as PEFT does.</summary>
internal static class ModelSaver
{
    /// <summary>Writes the folder whole or not at all, over one that an earlier process wrote.</summary>
    /// <param name="model">Gives names and shapes.</param>
    /// <param name="flat">The weights to write, laid out like the model's masters; null: the masters.</param>
    /// <param name="source">Folder whose configuration, tokenizer and template are copied; each tensor keeps the element type it has there.</param>
    /// <param name="folder">The folder to make.</param>
    /// <param name="card">Text of the model card.</param>
    /// <param name="cancellationToken">Ends the work between two tensors; nothing is left.</param>
    /// <exception cref="RunException">A weight is not finite, or the disk is full or fails.</exception>
    public static void Save(Decoder model, Tensor? flat, string source, string folder, string card, CancellationToken cancellationToken = default)
    {
        string folderOfBase = ModelName.Parse(source).Folder;
        if (model.Adapter is { } adapter)
        {
            AdapterWriter.Save(adapter.Weights, flat, adapter.Config with { BaseModel = ModelName.Map(folderOfBase, HubName.Shown) }, folderOfBase, folder, card);
            return;
        }

        var types = Types(folderOfBase);
        var entries = model.Weights.Names.Select(pair =>
        {
            var type = types.GetValueOrDefault(pair.Name, DType.F32);
            return new TensorEntry(pair.Name, type, pair.Shape, pair.Shape.Aggregate(1L, (a, b) => a * b) * type.BitSize / 8);
        }).ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        using var writer = new CheckpointWriter(folder, entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal), replace: true);
        foreach (var (name, view) in model.Weights.Views(flat))
        {
            using (view)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!double.IsFinite(view.SquareSum()))
                {
                    throw new RunException($"{folder}: tensor '{name}' is not finite; the model was not written");
                }

                TensorFile.Parts(view, entries[name].DType, (offset, part) => writer.Write(name, offset, part));
            }
        }

        writer.CopySidecars(folderOfBase);
        writer.WriteText("README.md", card);
        writer.Complete();
    }

    private static Dictionary<string, DType> Types(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return checkpoint.Entries.Values.ToDictionary(entry => entry.Name, entry => entry.DType, StringComparer.Ordinal);
    }
}
