using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>Weighted sums of F16 or BF16 elements: widened, added in single precision and rounded once without leaving the registers.</summary>
internal static class NarrowSum
{
    /// <summary>result = sum w_i x_i, each term after the first by a fused multiply-add.</summary>
    /// <param name="type">Type of the elements; others than F16 and BF16 do not apply.</param>
    /// <param name="inputs">For each term at least as many bytes as the result has; finite values.</param>
    /// <param name="weights">One for each term.</param>
    /// <param name="result">Receives the sums; its length must be a multiple of 64 bytes to apply.</param>
    /// <returns>False when it does not apply or some sum does not fit the type.</returns>
    public static bool Try(DType type, byte[][] inputs, float[] weights, Span<byte> result)
    {
        Span<ushort> sums = MemoryMarshal.Cast<byte, ushort>(result);
        return sums.Length % Vector512<ushort>.Count == 0 && type switch
        {
            DType.F16 => Add<HalfFloat>(inputs, weights, sums),
            DType.BF16 => Add<BrainFloat>(inputs, weights, sums),
            _ => false,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Add<TFloat>(byte[][] inputs, float[] weights, Span<ushort> sums) where TFloat : INarrowFloat
    {
        Vector512<ushort> exponent = Vector512.Create(TFloat.FullExponent), bad = Vector512<ushort>.Zero;
        ref ushort to = ref MemoryMarshal.GetReference(sums);
        for (int i = 0; i < sums.Length; i += Vector512<ushort>.Count)
        {
            Vector512<float> low = Vector512<float>.Zero, high = Vector512<float>.Zero;
            for (int k = 0; k < inputs.Length; k++)
            {
                Vector512<short> x = Vector512.LoadUnsafe(ref Unsafe.As<byte, short>(ref MemoryMarshal.GetArrayDataReference(inputs[k])), (nuint)i);
                Vector512<float> w = Vector512.Create(weights[k]);
                (Vector512<float> lower, Vector512<float> upper) = TFloat.Widen(x);
                (low, high) = k == 0 ? (lower * w, upper * w) : (Vector512.FusedMultiplyAdd(lower, w, low), Vector512.FusedMultiplyAdd(upper, w, high));
            }

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
