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

    /// <summary>The bytes of some elements, in <paramref name="scratch"/>.</summary>
    public ReadOnlySpan<byte> ReadBytes(long start, int count, byte[] scratch)
    {
        int size = entry.DType.BitSize / 8;
        Span<byte> bytes = scratch.AsSpan(0, count * size);
        model.Read(entry.Name, start * size, bytes);
        return bytes;
    }

    /// <summary>Converts bytes to values.</summary>
    /// <returns>False when a value is not finite; then nothing else is promised.</returns>
    public bool Convert(ReadOnlySpan<byte> bytes, Span<float> values, byte[] scratch)
    {
        bool finite;
        if (entry.DType == DType.F16)
        {
            finite = HalfConversion.ToSingle(MemoryMarshal.Cast<byte, ushort>(bytes), values);
        }
        else
        {
            finite = FiniteCheck.FirstNonFinite(entry.DType, bytes) < 0;
            FloatConversion.ToSingle(entry.DType, bytes, values);
        }

        Round(values, rounding == entry.DType ? null : rounding, scratch);
        return finite;
    }

    public override void Read(long start, Span<float> values, byte[] scratch) => Convert(ReadBytes(start, values.Length, scratch), values, scratch);
}
