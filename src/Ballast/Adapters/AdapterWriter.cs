using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>Writes an adapter as PEFT does: adapter_config.json, adapter_model.safetensors (float32, format pt), a card, and the base's tokenizer files.</summary>
internal static class AdapterWriter
{
    private const int Part = 1 << 24;

    /// <summary>Writes the folder whole or not at all, over one that is there.</summary>
    /// <param name="weights">The adapter's weights under their names in the file.</param>
    /// <param name="flat">The values to write, laid out like the masters; null: the masters.</param>
    /// <param name="config">adapter_config.json.</param>
    /// <param name="source">Folder whose tokenizer and template are copied; null: none are.</param>
    /// <param name="folder">The folder to make.</param>
    /// <param name="card">Text of the card.</param>
    /// <exception cref="RunException">A weight is not finite, or the disk is full or fails.</exception>
    public static void Save(WeightStore weights, Tensor? flat, AdapterConfig config, string? source, string folder, string card) =>
        Save(weights.Names.Select(pair => TensorEntry.Create(pair.Name, DType.F32, pair.Shape)), weights.Views(flat), config, source, folder, card);

    /// <summary>The same with tensors from anywhere, in the order of their entries; each is disposed.</summary>
    public static void Save(
        IEnumerable<TensorEntry> entries, IEnumerable<(string Name, Tensor Value)> tensors, AdapterConfig config, string? source, string folder, string card, bool replace = true)
    {
        using var target = new DurableFolder(folder, replace);
        using (var writer = new SafetensorsWriter(Path.Combine(target.Working, AdapterFolder.WeightsFile), [.. entries]))
        {
            foreach (var (name, value) in tensors)
            {
                using (value)
                {
                    if (!double.IsFinite(value.SquareSum()))
                    {
                        throw new RunException($"{folder}: tensor '{name}' is not finite; the adapter was not written");
                    }

                    using var plain = value.To(Device.Cpu, DType.F32);
                    var floats = plain.Span<float>();
                    for (int start = 0; start < floats.Length; start += Part)
                    {
                        writer.Write(name, 4L * start, MemoryMarshal.AsBytes(floats.Slice(start, Math.Min(Part, floats.Length - start))));
                    }
                }
            }

            writer.Complete();
        }

        if (source is not null)
        {
            ModelFolder.CopySidecars(source, target.Working);
            foreach (string other in (string[])[ModelFolder.ConfigFile, "generation_config.json"])  // the base's, not the adapter's
            {
                File.Delete(Path.Combine(target.Working, other));
            }
        }

        target.WriteText(AdapterConfig.FileName, JsonFile.Indented(AdapterConfigJson.Write(config)));
        target.WriteText("README.md", $"---\nbase_model: {config.BaseModel}\nlibrary_name: peft\ntags:\n- lora\n---\n{card}");
        target.Complete();
    }
}
