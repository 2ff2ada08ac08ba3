using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ballast.Checkpoints;

/// <summary>Converts finite F16 values to float and back, several times as fast as a conversion that must keep NaN; says when a value was not finite.</summary>
/// <remarks>After Giesen, "Float to half conversion" (2012): exponents are moved by a multiplication, which also normalizes subnormals; rounding is to the nearest, ties to even.</remarks>
internal static class HalfConversion
{
    private const uint SmallestNormal = 113u << 23;
    private const uint Overflow = 143u << 23;
    private const uint Half = 126u << 23;

    private static float Rebias => BitConverter.UInt32BitsToSingle(239u << 23);

    /// <summary>F16 bits to floats.</summary>
    /// <returns>False when some value is NaN or infinite; the floats then mean nothing.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool ToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        ref ushort from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(destination[..source.Length]);
        Vector512<ushort> exponent = Vector512.Create((ushort)0x7C00), bad = Vector512<ushort>.Zero;
        int i = 0;
        for (; i <= source.Length - Vector512<ushort>.Count; i += Vector512<ushort>.Count)
        {
            Vector512<ushort> half = Vector512.LoadUnsafe(ref from, (nuint)i);
            bad |= Vector512.Equals(half & exponent, exponent);
            Widened(Vector512.WidenLower(half)).StoreUnsafe(ref to, (nuint)i);
            Widened(Vector512.WidenUpper(half)).StoreUnsafe(ref to, (nuint)(i + Vector512<uint>.Count));
        }

        bool finite = bad == Vector512<ushort>.Zero;
        for (; i < source.Length; i++)
        {
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
            finite &= (source[i] & 0x7C00) != 0x7C00;
        }

        return finite;
    }

    /// <summary>Floats to F16 bits.</summary>
    /// <returns>False when some value is NaN, infinite or too large; it is written as infinity.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool FromSingle(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        ref float from = ref MemoryMarshal.GetReference(source);
        ref ushort to = ref MemoryMarshal.GetReference(destination[..source.Length]);
        Vector512<ushort> exponent = Vector512.Create((ushort)0x7C00), bad = Vector512<ushort>.Zero;
        int i = 0;
        for (; i <= source.Length - Vector512<ushort>.Count; i += Vector512<ushort>.Count)
        {
            Vector512<uint> low = Narrowed(Vector512.LoadUnsafe(ref from, (nuint)i).AsUInt32());
            Vector512<uint> high = Narrowed(Vector512.LoadUnsafe(ref from, (nuint)(i + Vector512<uint>.Count)).AsUInt32());
            Vector512<ushort> half = Vector512.Narrow(low, high);
            bad |= Vector512.Equals(half & exponent, exponent);
            half.StoreUnsafe(ref to, (nuint)i);
        }

        bool finite = bad == Vector512<ushort>.Zero;
        for (; i < source.Length; i++)
        {
            destination[i] = BitConverter.HalfToUInt16Bits((System.Half)source[i]);
            finite &= (destination[i] & 0x7C00) != 0x7C00;
        }

        return finite;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widened(Vector512<uint> half)
    {
        Vector512<float> magnitude = ((half & Vector512.Create(0x7FFFu)) << 13).AsSingle() * Vector512.Create(Rebias);
        return (magnitude.AsUInt32() | ((half & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Narrowed(Vector512<uint> bits)
    {
        Vector512<uint> magnitude = Vector512.Min(bits & Vector512.Create(0x7FFFFFFFu), Vector512.Create(Overflow));
        Vector512<uint> normal = (magnitude + Vector512.Create(0xC8000FFFu) + ((magnitude >>> 13) & Vector512<uint>.One)) >>> 13;
        Vector512<uint> tiny = (magnitude.AsSingle() + Vector512.Create(Half).AsSingle()).AsUInt32() - Vector512.Create(Half);
        Vector512<uint> chosen = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(SmallestNormal)), tiny, normal);
        return chosen | ((bits >>> 16) & Vector512.Create(0x8000u));
    }
}
