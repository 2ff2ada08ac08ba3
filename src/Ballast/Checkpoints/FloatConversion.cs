using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>Converts float tensors between the types on disk and the types computed with.</summary>
/// <remarks>Every narrowing rounds once, to the nearest, ties to even, also from F64 to the 16-bit types; NaN stays NaN and an overflow becomes infinity.</remarks>
public static class FloatConversion
{
    /// <summary>Reads F32, F16, BF16 or F64 elements as float.</summary>
    /// <param name="from">Type of <paramref name="source"/>.</param>
    /// <param name="source">Little-endian elements, at any alignment.</param>
    /// <param name="destination">As many floats as <paramref name="source"/> has elements.</param>
    /// <exception cref="ArgumentException">The type is no float, or the lengths differ.</exception>
    public static void ToSingle(DType from, ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLength(from, source.Length, destination.Length);
        switch (from)
        {
            case DType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case DType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case DType.BF16:
                Widen(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            default:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), destination);
                break;
        }
    }

    /// <summary>Writes floats as F32, F16, BF16 or F64 elements.</summary>
    /// <param name="source">The values.</param>
    /// <param name="to">Type of <paramref name="destination"/>.</param>
    /// <param name="destination">Room for exactly as many elements.</param>
    /// <exception cref="ArgumentException">The type is no float, or the lengths differ.</exception>
    public static void FromSingle(ReadOnlySpan<float> source, DType to, Span<byte> destination)
    {
        CheckLength(to, destination.Length, source.Length);
        switch (to)
        {
            case DType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case DType.F16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                break;
            case DType.BF16:
                Narrow(source, MemoryMarshal.Cast<byte, ushort>(destination));
                break;
            default:
                TensorPrimitives.ConvertTruncating(source, MemoryMarshal.Cast<byte, double>(destination));
                break;
        }
    }

    /// <summary>Reads F32, F16, BF16 or F64 elements as double, which is exact.</summary>
    /// <param name="from">Type of <paramref name="source"/>.</param>
    /// <param name="source">Little-endian elements, at any alignment.</param>
    /// <param name="destination">As many doubles as <paramref name="source"/> has elements.</param>
    /// <exception cref="ArgumentException">The type is no float, or the lengths differ.</exception>
    public static void ToDouble(DType from, ReadOnlySpan<byte> source, Span<double> destination)
    {
        CheckLength(from, source.Length, destination.Length);
        if (from == DType.F64)
        {
            source.CopyTo(MemoryMarshal.AsBytes(destination));
            return;
        }

        Span<float> part = stackalloc float[256];
        int size = from.BitSize / 8;
        for (int i = 0; i < destination.Length; i += part.Length)
        {
            Span<float> floats = part[..Math.Min(part.Length, destination.Length - i)];
            ToSingle(from, source.Slice(i * size, floats.Length * size), floats);
            TensorPrimitives.ConvertTruncating(floats, destination[i..]);
        }
    }

    /// <summary>Writes doubles as F32, F16, BF16 or F64 elements, rounding once.</summary>
    /// <param name="source">The values.</param>
    /// <param name="to">Type of <paramref name="destination"/>.</param>
    /// <param name="destination">Room for exactly as many elements.</param>
    /// <exception cref="ArgumentException">The type is no float, or the lengths differ.</exception>
    public static void FromDouble(ReadOnlySpan<double> source, DType to, Span<byte> destination)
    {
        CheckLength(to, destination.Length, source.Length);
        switch (to)
        {
            case DType.F64:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case DType.F32:
                TensorPrimitives.ConvertTruncating(source, MemoryMarshal.Cast<byte, float>(destination));
                break;
            default:
                // A float rounded to odd keeps enough to round again without a double-rounding error.
                Span<float> part = stackalloc float[256];
                for (int i = 0; i < source.Length; i += part.Length)
                {
                    Span<float> floats = part[..Math.Min(part.Length, source.Length - i)];
                    for (int j = 0; j < floats.Length; j++)
                    {
                        floats[j] = RoundToOdd(source[i + j]);
                    }

                    FromSingle(floats, to, destination.Slice(i * 2, floats.Length * 2));
                }

                break;
        }
    }

    /// <summary>BF16 to float: the bits move up by 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }

    /// <summary>Float to BF16: add just under half of the last kept bit, one more if that bit is odd, and cut.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector<uint> low = RoundUpper(new Vector<uint>(bits[i..]));
            Vector<uint> high = RoundUpper(new Vector<uint>(bits[(i + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (ushort)RoundUpper(new Vector<uint>(bits[i]))[0];
        }
    }

    private static Vector<uint> RoundUpper(Vector<uint> bits)
    {
        Vector<uint> rounded = bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One);
        Vector<uint> isNan = Vector.GreaterThan(bits & new Vector<uint>(0x7FFFFFFF), new Vector<uint>(0x7F800000));
        Vector<uint> quietNan = bits | new Vector<uint>(0x00400000);
        return Vector.ConditionalSelect(isNan, quietNan, rounded) >>> 16;
    }

    /// <summary>The float below in magnitude with its last bit set when anything was cut; exact values stay.</summary>
    private static float RoundToOdd(double value)
    {
        float nearest = (float)value;
        if (nearest == value || double.IsNaN(value))
        {
            return nearest;
        }

        uint bits = BitConverter.SingleToUInt32Bits(nearest);
        return BitConverter.UInt32BitsToSingle((Math.Abs((double)nearest) > Math.Abs(value) ? bits - 1 : bits) | 1);
    }

    private static void CheckLength(DType type, int bytes, int elements)
    {
        if (!type.IsFloat)
        {
            throw new ArgumentException($"{type.SafetensorsName} is not one of the float types F32, F16, BF16 and F64", nameof(type));
        }

        if (bytes != (long)elements * type.BitSize / 8)
        {
            throw new ArgumentException($"{elements} elements of {type.SafetensorsName} take {(long)elements * type.BitSize / 8} bytes, not {bytes}", nameof(bytes));
        }
    }
}
