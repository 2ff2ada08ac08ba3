using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Flat tensors to safetensors and back, under the names of the weights they are laid out like.</summary>
internal static class TensorFile
{
    private const int PartBytes = 1 << 28;

    /// <summary>Writes one file with every flat tensor given.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="weights">Gives names and layout.</param>
    /// <param name="flats">Prefix of the names, and the tensor.</param>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public static void Write(string path, WeightStore weights, IReadOnlyList<(string Prefix, Tensor Flat)> flats)
    {
        using var writer = new SafetensorsWriter(
            path, flats.SelectMany(flat => weights.Names.Select(pair => TensorEntry.Create(flat.Prefix + pair.Name, flat.Flat.DType, pair.Shape))));
        foreach (var (prefix, flat) in flats)
        {
            foreach (var (name, view) in weights.Views(flat))
            {
                using (view)
                {
                    Parts(view, view.DType, (offset, part) => writer.Write(prefix + name, offset, part));
                }
            }
        }

        writer.Complete();
    }

    /// <summary>Fills flat tensors from a file that <see cref="Write"/> made.</summary>
    /// <exception cref="CheckpointException">A tensor is missing or of another type or shape.</exception>
    public static void Read(string path, WeightStore weights, IReadOnlyList<(string Prefix, Tensor Flat)> flats)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var (prefix, flat) in flats)
        {
            foreach (var (name, view) in weights.Views(flat))
            {
                using (view)
                {
                    Fill(view, file, prefix + name);
                }
            }
        }
    }

    /// <summary>The bytes of a tensor as elements of <paramref name="type"/>, part after part, each with its offset.</summary>
    public static unsafe void Parts(Tensor tensor, DType type, PartReceiver receive)
    {
        using var copy = tensor.DType == type && tensor.Device == Device.Cpu ? null : tensor.To(Device.Cpu, type);
        byte* data = (byte*)(copy ?? tensor).Data;
        long length = tensor.Count * type.BitSize / 8;
        for (long offset = 0; offset < length; offset += PartBytes)
        {
            receive(offset, new ReadOnlySpan<byte>(data + offset, (int)Math.Min(PartBytes, length - offset)));
        }
    }

    private static unsafe void Fill(Tensor view, SafetensorsFile file, string name)
    {
        if (!file.Entries.TryGetValue(name, out TensorEntry? entry) || entry.DType != view.DType || !entry.Shape.AsSpan().SequenceEqual(view.Shape))
        {
            throw new CheckpointException(
                $"{file.Path}: tensor {PrintableName.Quote(name)}: expected {view.DType.SafetensorsName} {TensorEntry.ShapeText(view.Shape)}, found {entry?.Description ?? "none"}");
        }

        using var staged = Tensor.Empty(entry.DType, Device.Cpu, entry.Shape);
        file.Content(name).CopyTo(staged.Data);
        view.CopyFrom(staged);
    }

    /// <summary>Takes one part of a tensor's bytes.</summary>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="part">The bytes.</param>
    public delegate void PartReceiver(long offset, ReadOnlySpan<byte> part);
}
