using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ballast.Checkpoints;

/// <content>Eight compressions side by side, one per vector lane.</content>
internal static partial class Blake3
{
    /// <summary>Eight chunks (1024 bytes apart) or eight pairs of chaining values (64 bytes apart) at once, one per lane.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(ref byte data, int stride, long firstChunk, Span<uint> values)
    {
        unchecked
        {
            Span<Vector256<uint>> m = stackalloc Vector256<uint>[16];
            ReadOnlySpan<byte> schedule = Schedule;
            Vector256<uint> h0 = Vector256.Create(Start[0]), h1 = Vector256.Create(Start[1]), h2 = Vector256.Create(Start[2]), h3 = Vector256.Create(Start[3]);
            Vector256<uint> h4 = Vector256.Create(Start[4]), h5 = Vector256.Create(Start[5]), h6 = Vector256.Create(Start[6]), h7 = Vector256.Create(Start[7]);
            bool chunks = stride == ChunkBytes;
            Vector256<ulong> counters = chunks ? Vector256.Create((ulong)firstChunk) + Vector256.Create(0ul, 1, 2, 3) : Vector256<ulong>.Zero;
            Vector256<ulong> later = chunks ? counters + Vector256.Create(4ul) : counters;
            Vector256<uint> low = Vector256.Narrow(counters & Vector256.Create(0xFFFFFFFFul), later & Vector256.Create(0xFFFFFFFFul));
            Vector256<uint> high = Vector256.Narrow(counters >>> 32, later >>> 32);
            int count = stride / BlockBytes;
            for (int block = 0; block < count; block++)
            {
                ref byte row = ref Unsafe.Add(ref data, block * BlockBytes);
                Transpose(ref row, stride, m);
                Transpose(ref Unsafe.Add(ref row, 32), stride, m[8..]);
                uint flags = !chunks ? Parent : block == 0 ? ChunkStart : block == count - 1 ? ChunkEnd : 0;
                Vector256<uint> v0 = h0, v1 = h1, v2 = h2, v3 = h3, v4 = h4, v5 = h5, v6 = h6, v7 = h7;
                Vector256<uint> v8 = Vector256.Create(Start[0]), v9 = Vector256.Create(Start[1]), v10 = Vector256.Create(Start[2]), v11 = Vector256.Create(Start[3]);
                Vector256<uint> v12 = low, v13 = high, v14 = Vector256.Create((uint)BlockBytes), v15 = Vector256.Create(flags);
                for (int round = 0; round < 7; round++)
                {
                    ref byte s = ref Unsafe.Add(ref MemoryMarshal.GetReference(schedule), round * 16);
                    ref Vector256<uint> w = ref MemoryMarshal.GetReference(m);
                    Mix(ref v0, ref v4, ref v8, ref v12, Unsafe.Add(ref w, s), Unsafe.Add(ref w, Unsafe.Add(ref s, 1)));
                    Mix(ref v1, ref v5, ref v9, ref v13, Unsafe.Add(ref w, Unsafe.Add(ref s, 2)), Unsafe.Add(ref w, Unsafe.Add(ref s, 3)));
                    Mix(ref v2, ref v6, ref v10, ref v14, Unsafe.Add(ref w, Unsafe.Add(ref s, 4)), Unsafe.Add(ref w, Unsafe.Add(ref s, 5)));
                    Mix(ref v3, ref v7, ref v11, ref v15, Unsafe.Add(ref w, Unsafe.Add(ref s, 6)), Unsafe.Add(ref w, Unsafe.Add(ref s, 7)));
                    Mix(ref v0, ref v5, ref v10, ref v15, Unsafe.Add(ref w, Unsafe.Add(ref s, 8)), Unsafe.Add(ref w, Unsafe.Add(ref s, 9)));
                    Mix(ref v1, ref v6, ref v11, ref v12, Unsafe.Add(ref w, Unsafe.Add(ref s, 10)), Unsafe.Add(ref w, Unsafe.Add(ref s, 11)));
                    Mix(ref v2, ref v7, ref v8, ref v13, Unsafe.Add(ref w, Unsafe.Add(ref s, 12)), Unsafe.Add(ref w, Unsafe.Add(ref s, 13)));
                    Mix(ref v3, ref v4, ref v9, ref v14, Unsafe.Add(ref w, Unsafe.Add(ref s, 14)), Unsafe.Add(ref w, Unsafe.Add(ref s, 15)));
                }

                h0 = v0 ^ v8;
                h1 = v1 ^ v9;
                h2 = v2 ^ v10;
                h3 = v3 ^ v11;
                h4 = v4 ^ v12;
                h5 = v5 ^ v13;
                h6 = v6 ^ v14;
                h7 = v7 ^ v15;
            }

            (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]) = (h0, h1, h2, h3, h4, h5, h6, h7);
            Span<uint> flat = MemoryMarshal.Cast<Vector256<uint>, uint>(m);
            for (int lane = 0; lane < Lanes; lane++)
            {
                for (int word = 0; word < Words; word++)
                {
                    values[lane * Words + word] = flat[word * Lanes + lane];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d, Vector256<uint> x, Vector256<uint> y)
    {
        a += b + x;
        d = Rotate(d ^ a, 16);
        c += d;
        b = Rotate(b ^ c, 12);
        a += b + y;
        d = Rotate(d ^ a, 8);
        c += d;
        b = Rotate(b ^ c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> value, [ConstantExpected] byte right) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(value, right) : (value >>> right) | (value << (32 - right));

    /// <summary>8 words from each of 8 rows: word w of all rows goes to vector w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref byte data, int stride, Span<Vector256<uint>> words)
    {
        if (!Avx2.IsSupported)
        {
            Span<uint> flat = MemoryMarshal.Cast<Vector256<uint>, uint>(words);
            for (int i = 0; i < 64; i++)
            {
                flat[i] = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref data, i % 8 * stride + i / 8 * 4));
            }

            return;
        }

        Vector256<uint> a = Row(ref data, 0 * stride), b = Row(ref data, 1 * stride), c = Row(ref data, 2 * stride), d = Row(ref data, 3 * stride);
        Vector256<uint> e = Row(ref data, 4 * stride), f = Row(ref data, 5 * stride), g = Row(ref data, 6 * stride), h = Row(ref data, 7 * stride);
        Vector256<ulong> ab = Avx2.UnpackLow(a, b).AsUInt64(), ab2 = Avx2.UnpackHigh(a, b).AsUInt64(), cd = Avx2.UnpackLow(c, d).AsUInt64(), cd2 = Avx2.UnpackHigh(c, d).AsUInt64();
        Vector256<ulong> ef = Avx2.UnpackLow(e, f).AsUInt64(), ef2 = Avx2.UnpackHigh(e, f).AsUInt64(), gh = Avx2.UnpackLow(g, h).AsUInt64(), gh2 = Avx2.UnpackHigh(g, h).AsUInt64();
        Store(Avx2.UnpackLow(ab, cd), Avx2.UnpackLow(ef, gh), 0, words);
        Store(Avx2.UnpackHigh(ab, cd), Avx2.UnpackHigh(ef, gh), 1, words);
        Store(Avx2.UnpackLow(ab2, cd2), Avx2.UnpackLow(ef2, gh2), 2, words);
        Store(Avx2.UnpackHigh(ab2, cd2), Avx2.UnpackHigh(ef2, gh2), 3, words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Row(ref byte data, int offset) => Unsafe.ReadUnaligned<Vector256<uint>>(ref Unsafe.Add(ref data, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> first, Vector256<ulong> second, int word, Span<Vector256<uint>> words)
    {
        words[word] = Avx2.Permute2x128(first, second, 0x20).AsUInt32();
        words[word + 4] = Avx2.Permute2x128(first, second, 0x31).AsUInt32();
    }
}
