using System.Text.Json.Nodes;
using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>A tensor and the file that holds it.</summary>
/// <param name="Entry">Name, type, shape and size.</param>
/// <param name="File">File name inside the model folder.</param>
public sealed record PlacedEntry(TensorEntry Entry, string File);

/// <summary>What a model folder holds, from its headers and config.json alone.</summary>
/// <param name="Folder">The folder that was read.</param>
/// <param name="Parameters">Elements over all tensors.</param>
/// <param name="Bytes">Size of all tensors in bytes.</param>
/// <param name="Tensors">Every tensor with its file, in file order.</param>
/// <param name="ParametersByType">Elements per element type.</param>
/// <param name="Sidecars">Which of the files beside the weights are there.</param>
/// <param name="Config">config.json.</param>
public sealed record ModelSummary(
    string Folder,
    long Parameters,
    long Bytes,
    IReadOnlyList<PlacedEntry> Tensors,
    IReadOnlyDictionary<DType, long> ParametersByType,
    IReadOnlyList<string> Sidecars,
    JsonObject Config)
{
    /// <summary>Reads headers and configuration; no weight is read.</summary>
    /// <exception cref="CheckpointException">The folder has no readable weights or no config.json.</exception>
    public static ModelSummary Read(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        TensorEntry[] entries = [.. checkpoint.Entries.Values];
        return new ModelSummary(
            folder,
            entries.Sum(e => e.ElementCount),
            entries.Sum(e => e.ByteCount),
            [.. entries.Select(e => new PlacedEntry(e, Path.GetFileName(checkpoint.FileOf(e.Name))))],
            entries.GroupBy(e => e.DType).ToDictionary(g => g.Key, g => g.Sum(e => e.ElementCount)),
            [.. ModelFolder.Sidecars.Where(f => File.Exists(Path.Combine(folder, f)))],
            ModelFolder.ReadConfig(folder));
    }
}
