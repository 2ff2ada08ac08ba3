using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ballast.Checkpoints;

/// <content>Eight or sixteen compressions side by side, one per vector lane.</content>
internal static partial class Blake3
{
    private static int LaneCount => Avx512F.IsSupported ? 16 : 8;

    /// <summary>As many chunks (1024 bytes apart) or pairs of chaining values (64 bytes apart) as there are lanes.</summary>
    private static void CompressLanes(ref byte data, int stride, long firstChunk, Span<uint> values)
    {
        if (Avx512F.IsSupported)
        {
            CompressLanes<Vector512<uint>, Sixteen>(ref data, stride, firstChunk, values);
        }
        else
        {
            CompressLanes<Vector256<uint>, Eight>(ref data, stride, firstChunk, values);
        }
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CompressLanes<V, TLanes>(ref byte data, int stride, long firstChunk, Span<uint> values) where V : unmanaged where TLanes : ILanes<V>
    {
        Span<V> m = stackalloc V[16];
        ref V w = ref MemoryMarshal.GetReference(m);
        ref byte schedule = ref MemoryMarshal.GetReference(Schedule);
        V h0 = TLanes.Create(Start[0]), h1 = TLanes.Create(Start[1]), h2 = TLanes.Create(Start[2]), h3 = TLanes.Create(Start[3]);
        V h4 = TLanes.Create(Start[4]), h5 = TLanes.Create(Start[5]), h6 = TLanes.Create(Start[6]), h7 = TLanes.Create(Start[7]);
        bool chunks = stride == ChunkBytes;
        (V low, V high) = chunks ? TLanes.Count((ulong)firstChunk) : (TLanes.Create(0), TLanes.Create(0));
        int blocks = stride / BlockBytes;
        for (int block = 0; block < blocks; block++)
        {
            TLanes.Transpose(ref Unsafe.Add(ref data, block * BlockBytes), stride, ref w);
            uint flags = !chunks ? Parent : block == 0 ? ChunkStart : block == blocks - 1 ? ChunkEnd : 0;
            V v0 = h0, v1 = h1, v2 = h2, v3 = h3, v4 = h4, v5 = h5, v6 = h6, v7 = h7;
            V v8 = TLanes.Create(Start[0]), v9 = TLanes.Create(Start[1]), v10 = TLanes.Create(Start[2]), v11 = TLanes.Create(Start[3]);
            V v12 = low, v13 = high, v14 = TLanes.Create(BlockBytes), v15 = TLanes.Create(flags);
            for (int round = 0; round < 7; round++)
            {
                ref byte s = ref Unsafe.Add(ref schedule, round * 16);
                Mix<V, TLanes>(ref v0, ref v4, ref v8, ref v12, Unsafe.Add(ref w, s), Unsafe.Add(ref w, Unsafe.Add(ref s, 1)));
                Mix<V, TLanes>(ref v1, ref v5, ref v9, ref v13, Unsafe.Add(ref w, Unsafe.Add(ref s, 2)), Unsafe.Add(ref w, Unsafe.Add(ref s, 3)));
                Mix<V, TLanes>(ref v2, ref v6, ref v10, ref v14, Unsafe.Add(ref w, Unsafe.Add(ref s, 4)), Unsafe.Add(ref w, Unsafe.Add(ref s, 5)));
                Mix<V, TLanes>(ref v3, ref v7, ref v11, ref v15, Unsafe.Add(ref w, Unsafe.Add(ref s, 6)), Unsafe.Add(ref w, Unsafe.Add(ref s, 7)));
                Mix<V, TLanes>(ref v0, ref v5, ref v10, ref v15, Unsafe.Add(ref w, Unsafe.Add(ref s, 8)), Unsafe.Add(ref w, Unsafe.Add(ref s, 9)));
                Mix<V, TLanes>(ref v1, ref v6, ref v11, ref v12, Unsafe.Add(ref w, Unsafe.Add(ref s, 10)), Unsafe.Add(ref w, Unsafe.Add(ref s, 11)));
                Mix<V, TLanes>(ref v2, ref v7, ref v8, ref v13, Unsafe.Add(ref w, Unsafe.Add(ref s, 12)), Unsafe.Add(ref w, Unsafe.Add(ref s, 13)));
                Mix<V, TLanes>(ref v3, ref v4, ref v9, ref v14, Unsafe.Add(ref w, Unsafe.Add(ref s, 14)), Unsafe.Add(ref w, Unsafe.Add(ref s, 15)));
            }

            (h0, h1, h2, h3) = (TLanes.Xor(v0, v8), TLanes.Xor(v1, v9), TLanes.Xor(v2, v10), TLanes.Xor(v3, v11));
            (h4, h5, h6, h7) = (TLanes.Xor(v4, v12), TLanes.Xor(v5, v13), TLanes.Xor(v6, v14), TLanes.Xor(v7, v15));
        }

        (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]) = (h0, h1, h2, h3, h4, h5, h6, h7);
        ReadOnlySpan<uint> flat = MemoryMarshal.Cast<V, uint>(m);
        int lanes = flat.Length / m.Length;
        for (int i = 0; i < lanes * Words; i++)
        {
            values[i] = flat[i % Words * lanes + i / Words];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix<V, TLanes>(ref V a, ref V b, ref V c, ref V d, V x, V y) where TLanes : ILanes<V>
    {
        a = TLanes.Add(a, TLanes.Add(b, x));
        d = TLanes.Rotate(TLanes.Xor(d, a), 16);
        c = TLanes.Add(c, d);
        b = TLanes.Rotate(TLanes.Xor(b, c), 12);
        a = TLanes.Add(a, TLanes.Add(b, y));
        d = TLanes.Rotate(TLanes.Xor(d, a), 8);
        c = TLanes.Add(c, d);
        b = TLanes.Rotate(TLanes.Xor(b, c), 7);
    }

    /// <summary>8 words from each of 8 rows: word w of all rows goes to vector w * <paramref name="apart"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref byte data, int stride, ref Vector256<uint> words, int apart)
    {
        if (!Avx2.IsSupported)
        {
            ref uint flat = ref Unsafe.As<Vector256<uint>, uint>(ref words);
            for (int i = 0; i < 64; i++)
            {
                Unsafe.Add(ref flat, i / 8 * 8 * apart + i % 8) = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref data, i % 8 * stride + i / 8 * 4));
            }

            return;
        }

        Vector256<uint> a = Row(ref data, 0 * stride), b = Row(ref data, 1 * stride), c = Row(ref data, 2 * stride), d = Row(ref data, 3 * stride);
        Vector256<uint> e = Row(ref data, 4 * stride), f = Row(ref data, 5 * stride), g = Row(ref data, 6 * stride), h = Row(ref data, 7 * stride);
        Vector256<ulong> ab = Avx2.UnpackLow(a, b).AsUInt64(), ab2 = Avx2.UnpackHigh(a, b).AsUInt64(), cd = Avx2.UnpackLow(c, d).AsUInt64(), cd2 = Avx2.UnpackHigh(c, d).AsUInt64();
        Vector256<ulong> ef = Avx2.UnpackLow(e, f).AsUInt64(), ef2 = Avx2.UnpackHigh(e, f).AsUInt64(), gh = Avx2.UnpackLow(g, h).AsUInt64(), gh2 = Avx2.UnpackHigh(g, h).AsUInt64();
        Store(Avx2.UnpackLow(ab, cd), Avx2.UnpackLow(ef, gh), 0, ref words, apart);
        Store(Avx2.UnpackHigh(ab, cd), Avx2.UnpackHigh(ef, gh), 1, ref words, apart);
        Store(Avx2.UnpackLow(ab2, cd2), Avx2.UnpackLow(ef2, gh2), 2, ref words, apart);
        Store(Avx2.UnpackHigh(ab2, cd2), Avx2.UnpackHigh(ef2, gh2), 3, ref words, apart);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Row(ref byte data, int offset) => Unsafe.ReadUnaligned<Vector256<uint>>(ref Unsafe.Add(ref data, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> first, Vector256<ulong> second, int word, ref Vector256<uint> words, int apart)
    {
        Unsafe.Add(ref words, word * apart) = Avx2.Permute2x128(first, second, 0x20).AsUInt32();
        Unsafe.Add(ref words, (word + 4) * apart) = Avx2.Permute2x128(first, second, 0x31).AsUInt32();
    }

    /// <summary>What the compression needs of a vector of 32-bit words.</summary>
    private interface ILanes<V>
    {
        static abstract V Create(uint value);

        static abstract V Add(V a, V b);

        static abstract V Xor(V a, V b);

        static abstract V Rotate(V value, [ConstantExpected] byte right);

        /// <summary>Lower and upper words of consecutive numbers.</summary>
        static abstract (V Low, V High) Count(ulong first);

        /// <summary>16 words from each lane's row; word w of all rows goes to vector w.</summary>
        static abstract void Transpose(ref byte data, int stride, ref V words);
    }

    private readonly struct Sixteen : ILanes<Vector512<uint>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Create(uint value) => Vector512.Create(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Rotate(Vector512<uint> value, [ConstantExpected] byte right) => Avx512F.RotateRight(value, right);

        public static (Vector512<uint> Low, Vector512<uint> High) Count(ulong first)
        {
            Vector512<ulong> numbers = Vector512.Create(first) + Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7), later = numbers + Vector512.Create(8ul), low = Vector512.Create((ulong)uint.MaxValue);
            return (Vector512.Narrow(numbers & low, later & low), Vector512.Narrow(numbers >>> 32, later >>> 32));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(ref byte data, int stride, ref Vector512<uint> words)
        {
            ref Vector256<uint> halves = ref Unsafe.As<Vector512<uint>, Vector256<uint>>(ref words);
            for (int quarter = 0; quarter < 4; quarter++)
            {
                int rows = quarter / 2, columns = quarter % 2;
                Blake3.Transpose(ref Unsafe.Add(ref data, rows * 8 * stride + columns * 32), stride, ref Unsafe.Add(ref halves, columns * 16 + rows), 2);
            }
        }
    }

    private readonly struct Eight : ILanes<Vector256<uint>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Create(uint value) => Vector256.Create(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Rotate(Vector256<uint> value, [ConstantExpected] byte right) => (value >>> right) | (value << (32 - right));

        public static (Vector256<uint> Low, Vector256<uint> High) Count(ulong first)
        {
            Vector256<ulong> numbers = Vector256.Create(first) + Vector256.Create(0ul, 1, 2, 3), later = numbers + Vector256.Create(4ul), low = Vector256.Create((ulong)uint.MaxValue);
            return (Vector256.Narrow(numbers & low, later & low), Vector256.Narrow(numbers >>> 32, later >>> 32));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(ref byte data, int stride, ref Vector256<uint> words)
        {
            Blake3.Transpose(ref data, stride, ref words, 1);
            Blake3.Transpose(ref Unsafe.Add(ref data, 32), stride, ref Unsafe.Add(ref words, 8), 1);
        }
    }
}
