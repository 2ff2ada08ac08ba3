using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>The loops of <see cref="Kernels"/> on F16 or BF16 elements as they are stored: converted, computed in single precision and rounded once without leaving the registers.</summary>
/// <remarks>Elements are finite and their number a multiple of 32; else the loops do not apply and say so.</remarks>
internal static class NarrowKernels
{
    private static int Lanes => Vector512<ushort>.Count;

    /// <summary>result = sum w_i x_i, each term after the first by a fused multiply-add.</summary>
    /// <param name="type">Type of the elements and the result.</param>
    /// <param name="inputs">The elements of each term.</param>
    /// <param name="start">Index of the first element in each.</param>
    /// <param name="weights">One for each term.</param>
    /// <param name="result">Receives the sums.</param>
    /// <returns>False when it does not apply or some sum does not fit the type.</returns>
    public static bool TrySum(DType type, byte[][] inputs, int start, float[] weights, Span<byte> result)
    {
        Span<ushort> sums = MemoryMarshal.Cast<byte, ushort>(result);
        return inputs.Length > 0 && sums.Length % Lanes == 0 && type switch
        {
            DType.F16 => Sum<HalfFloat>(inputs, start, weights, sums),
            DType.BF16 => Sum<BrainFloat>(inputs, start, weights, sums),
            _ => false,
        };
    }

    /// <summary>result = x - y.</summary>
    /// <returns>False when it does not apply.</returns>
    public static bool TrySubtract(DType type, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y, Span<float> result)
    {
        ReadOnlySpan<short> a = MemoryMarshal.Cast<byte, short>(x), b = MemoryMarshal.Cast<byte, short>(y);
        if (result.Length % Lanes != 0 || type is not (DType.F16 or DType.BF16))
        {
            return false;
        }

        if (type == DType.F16)
        {
            Subtract<HalfFloat>(a, b, result);
        }
        else
        {
            Subtract<BrainFloat>(a, b, result);
        }

        return true;
    }

    /// <summary>result = x factor + y, rounded twice: as a float and to its type.</summary>
    /// <returns>False when it does not apply or some value does not fit the type.</returns>
    public static bool TryAddScaled(DType type, ReadOnlySpan<float> x, float factor, ReadOnlySpan<byte> y, Span<byte> result)
    {
        ReadOnlySpan<short> b = MemoryMarshal.Cast<byte, short>(y);
        Span<ushort> to = MemoryMarshal.Cast<byte, ushort>(result);
        return x.Length % Lanes == 0 && type switch
        {
            DType.F16 => AddScaled<HalfFloat>(x, factor, b, to),
            DType.BF16 => AddScaled<BrainFloat>(x, factor, b, to),
            _ => false,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Sum<TFloat>(byte[][] inputs, int start, float[] weights, Span<ushort> sums) where TFloat : INarrowFloat
    {
        Vector512<ushort> exponent = Vector512.Create(TFloat.FullExponent), bad = Vector512<ushort>.Zero;
        ref ushort to = ref MemoryMarshal.GetReference(sums);
        for (int i = 0; i < sums.Length; i += Lanes)
        {
            Vector512<float> low = Vector512<float>.Zero, high = Vector512<float>.Zero;
            for (int k = 0; k < inputs.Length; k++)
            {
                ref short from = ref Unsafe.As<byte, short>(ref MemoryMarshal.GetArrayDataReference(inputs[k]));
                Vector512<float> w = Vector512.Create(weights[k]);
                (Vector512<float> lower, Vector512<float> upper) = TFloat.Widen(Vector512.LoadUnsafe(ref from, (nuint)(start + i)));
                (low, high) = k == 0 ? (lower * w, upper * w) : (Vector512.FusedMultiplyAdd(lower, w, low), Vector512.FusedMultiplyAdd(upper, w, high));
            }

            Vector512<ushort> sum = TFloat.Narrow(low.AsUInt32(), high.AsUInt32());
            bad |= Vector512.Equals(sum & exponent, exponent);
            sum.StoreUnsafe(ref to, (nuint)i);
        }

        return bad == Vector512<ushort>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract<TFloat>(ReadOnlySpan<short> x, ReadOnlySpan<short> y, Span<float> result) where TFloat : INarrowFloat
    {
        ref short a = ref MemoryMarshal.GetReference(x[..result.Length]), b = ref MemoryMarshal.GetReference(y[..result.Length]);
        ref float to = ref MemoryMarshal.GetReference(result);
        for (int i = 0; i < result.Length; i += Lanes)
        {
            (Vector512<float> xLow, Vector512<float> xHigh) = TFloat.Widen(Vector512.LoadUnsafe(ref a, (nuint)i));
            (Vector512<float> yLow, Vector512<float> yHigh) = TFloat.Widen(Vector512.LoadUnsafe(ref b, (nuint)i));
            (xLow - yLow).StoreUnsafe(ref to, (nuint)i);
            (xHigh - yHigh).StoreUnsafe(ref to, (nuint)(i + Vector512<float>.Count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AddScaled<TFloat>(ReadOnlySpan<float> x, float factor, ReadOnlySpan<short> y, Span<ushort> result) where TFloat : INarrowFloat
    {
        Vector512<ushort> exponent = Vector512.Create(TFloat.FullExponent), bad = Vector512<ushort>.Zero;
        Vector512<float> f = Vector512.Create(factor);
        ref float a = ref MemoryMarshal.GetReference(x);
        ref short b = ref MemoryMarshal.GetReference(y[..x.Length]);
        ref ushort to = ref MemoryMarshal.GetReference(result[..x.Length]);
        for (int i = 0; i < x.Length; i += Lanes)
        {
            (Vector512<float> low, Vector512<float> high) = TFloat.Widen(Vector512.LoadUnsafe(ref b, (nuint)i));
            low = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref a, (nuint)i), f, low);
            high = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref a, (nuint)(i + Vector512<float>.Count)), f, high);
            Vector512<ushort> sum = TFloat.Narrow(low.AsUInt32(), high.AsUInt32());
            bad |= Vector512.Equals(sum & exponent, exponent);
            sum.StoreUnsafe(ref to, (nuint)i);
        }

        return bad == Vector512<ushort>.Zero;
    }

    private interface INarrowFloat
    {
        static abstract ushort FullExponent { get; }

        /// <summary>Bits of finite elements to floats.</summary>
        static abstract (Vector512<float> Low, Vector512<float> High) Widen(Vector512<short> bits);

        /// <summary>Bits of floats to bits of elements, nearest, ties to even.</summary>
        static abstract Vector512<ushort> Narrow(Vector512<uint> low, Vector512<uint> high);
    }

    private readonly struct HalfFloat : INarrowFloat
    {
        public static ushort FullExponent => 0x7C00;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector512<float> Low, Vector512<float> High) Widen(Vector512<short> bits) => HalfConversion.Widen(bits);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ushort> Narrow(Vector512<uint> low, Vector512<uint> high) => HalfConversion.Narrow(low, high);
    }

    private readonly struct BrainFloat : INarrowFloat
    {
        public static ushort FullExponent => 0x7F80;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static (Vector512<float> Low, Vector512<float> High) Widen(Vector512<short> bits) =>
            ((Vector512.WidenLower(bits) << 16).AsSingle(), (Vector512.WidenUpper(bits) << 16).AsSingle());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<ushort> Narrow(Vector512<uint> low, Vector512<uint> high) => Vector512.Narrow(Round(low), Round(high));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<uint> Round(Vector512<uint> bits) => (bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
    }
}
