using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>Looks for NaN and infinities, which the file format allows.</summary>
public static class FiniteCheck
{
    /// <summary>Index of the first element that is NaN or infinite, or -1; integers are always finite.</summary>
    /// <param name="type">F32, F16, BF16, F64 or an integer type; 8-bit and smaller floats are not looked into and give -1.</param>
    /// <param name="bytes">Whole elements, little-endian, at any alignment.</param>
    public static int FirstNonFinite(DType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DType.F32 => FirstFullExponent(MemoryMarshal.Cast<byte, uint>(bytes), 0x7F800000u),
        DType.F16 => FirstFullExponent(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7C00),
        DType.BF16 => FirstFullExponent(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7F80),
        DType.F64 => FirstFullExponent(MemoryMarshal.Cast<byte, ulong>(bytes), 0x7FF0000000000000ul),
        _ => -1,
    };

    /// <summary>Checks a whole tensor.</summary>
    /// <exception cref="CheckpointException">Some element is NaN or infinite; the message names file, tensor and element.</exception>
    public static void Require(Checkpoint checkpoint, string name)
    {
        TensorBytes content = checkpoint.Content(name);
        TensorEntry entry = checkpoint.Entries[name];
        const int Part = 1 << 20;
        for (long offset = 0; offset < content.Length; offset += Part)
        {
            int index = FirstNonFinite(entry.DType, content.Slice(offset, Part));
            if (index >= 0)
            {
                throw Fault(checkpoint.FileOf(name), name, offset / (entry.DType.BitSize / 8) + index);
            }
        }
    }

    /// <summary>The line that reports a non-finite element.</summary>
    internal static CheckpointException Fault(string file, string tensor, long element) =>
        new($"{file}: tensor {PrintableName.Quote(tensor)}: element {element} is not finite (NaN or infinity); the weights are damaged, do not use them");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FirstFullExponent<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector512<T> mask = Vector512.Create(exponent);
        ref T from = ref MemoryMarshal.GetReference(bits);
        int i = 0;
        while (i <= bits.Length - Vector512<T>.Count && !Vector512.EqualsAny(Vector512.LoadUnsafe(ref from, (nuint)i) & mask, mask))
        {
            i += Vector512<T>.Count;
        }

        while (i < bits.Length && (bits[i] & exponent) != exponent)
        {
            i++;
        }

        return i < bits.Length ? i : -1;
    }
}
