using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>A tensor that can be read in pieces as single precision.</summary>
internal abstract class TensorSource
{
    /// <summary>Reads <paramref name="values"/>.Length elements from index <paramref name="start"/> on.</summary>
    /// <param name="start">Index of the first element.</param>
    /// <param name="values">Receives the elements.</param>
    /// <param name="scratch">At least 8 bytes for each element.</param>
    public abstract void Read(long start, Span<float> values, byte[] scratch);

    /// <summary>Rounds values to a 16-bit type and back.</summary>
    protected static void Round(Span<float> values, DType? type, byte[] scratch)
    {
        if (type is DType.BF16 or DType.F16)
        {
            Span<byte> narrow = scratch.AsSpan(0, values.Length * 2);
            FloatConversion.FromSingle(values, type.Value, narrow);
            FloatConversion.ToSingle(type.Value, narrow, values);
        }
    }
}

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="model">Where it lies.</param>
/// <param name="entry">Its name, type and shape there.</param>
/// <param name="rounding">The narrower type to which its values are rounded when they are read; null keeps them.</param>
internal sealed class StoredTensor(Checkpoint model, TensorEntry entry, DType? rounding = null) : TensorSource
{
    /// <summary>Where it lies.</summary>
    public Checkpoint Model => model;

    /// <summary>Its name, type and shape there.</summary>
    public TensorEntry Entry => entry;

    /// <summary>Bytes of an element.</summary>
    public int ElementSize => entry.DType.BitSize / 8;

    /// <summary>Whether values are rounded to a narrower type when they are read.</summary>
    public bool IsRounded => rounding is { } type && type != entry.DType;

    /// <summary>Reads the bytes of elements from index <paramref name="start"/> on.</summary>
    public void ReadBytes(long start, Span<byte> bytes) => model.Read(entry.Name, start * ElementSize, bytes);

    /// <summary>Converts finite elements to values.</summary>
    public void Convert(ReadOnlySpan<byte> bytes, Span<float> values, byte[] scratch)
    {
        if (entry.DType == DType.F16)
        {
            HalfConversion.ToSingle(MemoryMarshal.Cast<byte, ushort>(bytes), values);
        }
        else
        {
            FloatConversion.ToSingle(entry.DType, bytes, values);
        }

        Round(values, IsRounded ? rounding : null, scratch);
    }

    public override void Read(long start, Span<float> values, byte[] scratch)
    {
        Span<byte> bytes = scratch.AsSpan(0, values.Length * ElementSize);
        ReadBytes(start, bytes);
        Convert(bytes, values, scratch);
    }
}
