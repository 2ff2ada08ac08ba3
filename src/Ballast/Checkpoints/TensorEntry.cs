using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>One tensor of a checkpoint as its header describes it.</summary>
/// <param name="Name">Hugging Face tensor name, such as "model.layers.0.self_attn.q_proj.weight".</param>
/// <param name="DType">Element type on disk.</param>
/// <param name="Shape">Dimensions, outermost first (row-major); empty for a scalar; a dimension may be 0.</param>
/// <param name="ByteCount">Size of the data in bytes.</param>
public sealed record TensorEntry(string Name, DType DType, long[] Shape, long ByteCount)
{
    /// <summary>Number of elements: the product of the dimensions, 1 for a scalar.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>An entry whose byte count follows from type and shape.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits or is no whole number of bytes.</exception>
    public static TensorEntry Create(string name, DType type, params long[] shape) =>
        TryByteCount(type, shape, out long bytes)
            ? new TensorEntry(name, type, shape, bytes)
            : throw new ArgumentException($"{name}: {type.SafetensorsName} {ShapeText(shape)} has no size in whole bytes below 2^63", nameof(shape));

    /// <summary>The size of a tensor in bytes, or false when it overflows or ends within a byte.</summary>
    internal static bool TryByteCount(DType type, ReadOnlySpan<long> shape, out long bytes)
    {
        bytes = 0;
        ulong bits = (ulong)type.BitSize;
        foreach (long dimension in shape)
        {
            if (Math.BigMul(bits, (ulong)dimension, out bits) != 0)
            {
                return false;
            }
        }

        bytes = (long)(bits / 8);
        return bits % 8 == 0;
    }

    /// <summary>A shape as people write it: [32, 64].</summary>
    internal static string ShapeText(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    /// <summary>Type and shape as people write them: BF16 [32, 64].</summary>
    internal string Description => $"{DType.SafetensorsName} {ShapeText(Shape)}";
}
