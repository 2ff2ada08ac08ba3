using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ballast.Checkpoints;

/// <summary>Converts finite F16 values to float and back, several times as fast as a conversion that must keep NaN.</summary>
/// <remarks>After Giesen, "Float to half conversion" (2012): a subtraction normalizes subnormal values; rounding is to the nearest, ties to even.</remarks>
internal static class HalfConversion
{
    private const uint SmallestNormal = 113u << 23;
    private const uint Rebias = 112u << 23;
    private const uint Overflow = 143u << 23;
    private const uint Half = 126u << 23;
    private const uint Magnitude = 0x7FFFFFFF;

    /// <summary>Bits of finite F16 values to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        ref ushort from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(destination[..source.Length]);
        int i = 0;
        for (; i <= source.Length - Vector512<short>.Count; i += Vector512<short>.Count)
        {
            (Vector512<float> low, Vector512<float> high) = Widen(Vector512.LoadUnsafe(ref from, (nuint)i).AsInt16());
            low.StoreUnsafe(ref to, (nuint)i);
            high.StoreUnsafe(ref to, (nuint)(i + Vector512<float>.Count));
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        }
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
            Vector512<ushort> half = Narrow(Vector512.LoadUnsafe(ref from, (nuint)i).AsUInt32(), Vector512.LoadUnsafe(ref from, (nuint)(i + Vector512<uint>.Count)).AsUInt32());
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

    /// <summary>Bits of finite F16 values to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector512<float> Low, Vector512<float> High) Widen(Vector512<short> half)
    {
        Vector512<int> low = Vector512.WidenLower(half), high = Vector512.WidenUpper(half);
        return Vector512.EqualsAny(half & Vector512.Create((short)0x7C00), Vector512<short>.Zero) ? (WidenAny(low), WidenAny(high)) : (WidenNormal(low), WidenNormal(high));
    }

    /// <summary>Bits of floats to bits of F16 values; what is too large becomes infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ushort> Narrow(Vector512<uint> low, Vector512<uint> high)
    {
        Vector512<uint> smallest = Vector512.Create(SmallestNormal), lowSize = low & Vector512.Create(Magnitude), highSize = high & Vector512.Create(Magnitude);
        return Vector512.LessThanAll(Vector512.Max(lowSize - smallest, highSize - smallest), Vector512.Create(Overflow - SmallestNormal))
            ? Vector512.Narrow(NarrowNormal(lowSize) | Sign(low), NarrowNormal(highSize) | Sign(high))
            : Vector512.Narrow(NarrowAny(lowSize) | Sign(low), NarrowAny(highSize) | Sign(high));
    }

    /// <summary>The sign stays on top, the rest goes to its place, and the copies of the sign between them are cut out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Moved(Vector512<int> half) => (half << 13).AsUInt32() & Vector512.Create(0x8FFFE000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WidenNormal(Vector512<int> half) => (Moved(half) + Vector512.Create(Rebias)).AsSingle();

    /// <summary>Also zeros and subnormal values. No float is subnormal on the way: processors are slow at those.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WidenAny(Vector512<int> half)
    {
        Vector512<uint> moved = Moved(half), sign = moved & Vector512.Create(0x80000000u);
        Vector512<float> tiny = (moved + Vector512.Create(SmallestNormal)).AsSingle() - (sign | Vector512.Create(SmallestNormal)).AsSingle();
        return Vector512.ConditionalSelect(Vector512.Equals(moved & Vector512.Create(0x0F800000u), Vector512<uint>.Zero), tiny.AsUInt32() | sign, moved + Vector512.Create(Rebias)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Sign(Vector512<uint> bits) => (bits >>> 16) & Vector512.Create(0x8000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> NarrowNormal(Vector512<uint> magnitude) => (magnitude + Vector512.Create(unchecked(0xFFFu - Rebias)) + ((magnitude >>> 13) & Vector512<uint>.One)) >>> 13;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> NarrowAny(Vector512<uint> magnitude)
    {
        Vector512<uint> limited = Vector512.Min(magnitude, Vector512.Create(Overflow));
        Vector512<uint> tiny = (limited.AsSingle() + Vector512.Create(Half).AsSingle()).AsUInt32() - Vector512.Create(Half);
        return Vector512.ConditionalSelect(Vector512.LessThan(limited, Vector512.Create(SmallestNormal)), tiny, NarrowNormal(limited));
    }
}
