using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ballast.Checkpoints;

/// <summary>BLAKE3 of data that arrives in parts, in any order and from several threads: three times the speed of SHA-256, and a tree by design.</summary>
/// <remarks>
/// O'Connor, Aumasson, Neves, Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2020). Eight chunks of 1024 bytes are hashed side by side,
/// one per vector lane. A part is a subtree, so parts other than the last are of one size, 1024 bytes times a power of two.
/// </remarks>
internal static class Blake3
{
    /// <summary>Bytes of a leaf of the tree.</summary>
    public const int ChunkBytes = 1024;

    private const int Words = 8;
    private const int Lanes = 8;
    private const int BlockBytes = 64;
    private const uint ChunkStart = 1, ChunkEnd = 2, Parent = 4, Root = 8;

    private static ReadOnlySpan<uint> Start => [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];

    /// <summary>Word used at each place of each of the seven rounds.</summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8,
        3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1,
        10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6,
        12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4,
        9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7,
        11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13,
    ];

    /// <summary>Chaining values of every whole or partial chunk of a piece of the data, 8 words each.</summary>
    /// <param name="data">A piece that begins at a chunk; only the last piece may end within one. At least one byte, unless all the data is empty.</param>
    /// <param name="firstChunk">Number of the chunk at which it begins.</param>
    /// <param name="values">8 words for each chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Chunks(ReadOnlySpan<byte> data, long firstChunk, Span<uint> values)
    {
        int whole = data.Length / ChunkBytes;
        int chunk = 0;
        for (; chunk <= whole - Lanes; chunk += Lanes)
        {
            Eight(ref Unsafe.Add(ref MemoryMarshal.GetReference(data), chunk * ChunkBytes), ChunkBytes, firstChunk + chunk, values.Slice(chunk * Words, Lanes * Words));
        }

        for (; chunk * ChunkBytes < data.Length || chunk == 0; chunk++)
        {
            One(data.Slice(chunk * ChunkBytes, Math.Min(ChunkBytes, data.Length - chunk * ChunkBytes)), firstChunk + chunk, 0, values.Slice(chunk * Words, Words));
        }
    }

    /// <summary>Reduces neighbors level by level until at most two values are left, which <see cref="Digest"/> needs of each part.</summary>
    /// <returns>Number of values left: 1 or 2.</returns>
    public static int Reduce(Span<uint> values, int count)
    {
        while (count > 2)
        {
            int pairs = count / 2, i = 0;
            for (; i <= pairs - Lanes; i += Lanes)
            {
                ref byte blocks = ref Unsafe.As<uint, byte>(ref values[2 * i * Words]);
                Eight(ref blocks, BlockBytes, 0, values.Slice(i * Words, Lanes * Words));
            }

            for (; i < pairs; i++)
            {
                Join(values.Slice(2 * i * Words, Words), values.Slice((2 * i + 1) * Words, Words), 0, values.Slice(i * Words, Words));
            }

            if (count % 2 == 1)
            {
                values.Slice((count - 1) * Words, Words).CopyTo(values[(pairs * Words)..]);
            }

            count = pairs + count % 2;
        }

        return count;
    }

    /// <summary>The 32 bytes of the hash, from the reduced parts in order.</summary>
    /// <param name="parts">For each part its 8 or 16 words; a part of 8 words is a single chunk.</param>
    /// <param name="smallest">The data itself when it is a single chunk, whose hash its chaining value does not give.</param>
    public static byte[] Digest(IReadOnlyList<uint[]> parts, ReadOnlySpan<byte> smallest)
    {
        uint[] digest = new uint[Words];
        if (parts.Count == 1 && parts[0].Length == Words)
        {
            One(smallest, 0, Root, digest);
        }
        else if (parts.Count == 1)
        {
            Join(parts[0].AsSpan(0, Words), parts[0].AsSpan(Words), Root, digest);
        }
        else
        {
            uint[] tops = new uint[parts.Count * Words];
            for (int i = 0; i < parts.Count; i++)
            {
                Span<uint> top = tops.AsSpan(i * Words, Words);
                if (parts[i].Length == Words)
                {
                    parts[i].CopyTo(top);
                }
                else
                {
                    Join(parts[i].AsSpan(0, Words), parts[i].AsSpan(Words), 0, top);
                }
            }

            Reduce(tops, parts.Count);
            Join(tops.AsSpan(0, Words), tops.AsSpan(Words, Words), Root, digest);
        }

        return MemoryMarshal.AsBytes(digest.AsSpan()).ToArray();
    }

    /// <summary>The hash of data in memory.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        int chunks = Math.Max(1, (data.Length + ChunkBytes - 1) / ChunkBytes);
        uint[] values = new uint[chunks * Words];
        Chunks(data, 0, values);
        return Digest([values[..(Reduce(values, chunks) * Words)]], chunks == 1 ? data : default);
    }

    private static void Join(ReadOnlySpan<uint> left, ReadOnlySpan<uint> right, uint flags, Span<uint> result)
    {
        Span<uint> block = stackalloc uint[2 * Words];
        left.CopyTo(block);
        right.CopyTo(block[Words..]);
        Compress(Start, block, 0, BlockBytes, Parent | flags, result);
    }

    private static void One(ReadOnlySpan<byte> chunk, long number, uint flags, Span<uint> value)
    {
        Span<uint> words = stackalloc uint[BlockBytes / 4];
        Start.CopyTo(value);
        int blocks = Math.Max(1, (chunk.Length + BlockBytes - 1) / BlockBytes);
        for (int i = 0; i < blocks; i++)
        {
            ReadOnlySpan<byte> block = chunk.Slice(i * BlockBytes, Math.Min(BlockBytes, chunk.Length - i * BlockBytes));
            words.Clear();
            block.CopyTo(MemoryMarshal.AsBytes(words));
            uint place = (i == 0 ? ChunkStart : 0) | (i == blocks - 1 ? ChunkEnd | flags : 0);
            Compress(value, words, number, (uint)block.Length, place, value);
        }
    }

    private static void Compress(ReadOnlySpan<uint> value, ReadOnlySpan<uint> words, long counter, uint length, uint flags, Span<uint> result)
    {
        unchecked
        {
            Span<uint> v = [.. value, Start[0], Start[1], Start[2], Start[3], (uint)counter, (uint)(counter >> 32), length, flags];
            for (int round = 0; round < 7; round++)
            {
                ReadOnlySpan<byte> s = Schedule.Slice(round * 16, 16);
                for (int i = 0; i < 8; i++)
                {
                    int a = i % 4, b = 4 + (i < 4 ? i : (i + 1) % 4), c = 8 + (i < 4 ? i : (i + 2) % 4), d = 12 + (i < 4 ? i : (i + 3) % 4);
                    v[a] += v[b] + words[s[2 * i]];
                    v[d] = uint.RotateRight(v[d] ^ v[a], 16);
                    v[c] += v[d];
                    v[b] = uint.RotateRight(v[b] ^ v[c], 12);
                    v[a] += v[b] + words[s[2 * i + 1]];
                    v[d] = uint.RotateRight(v[d] ^ v[a], 8);
                    v[c] += v[d];
                    v[b] = uint.RotateRight(v[b] ^ v[c], 7);
                }
            }

            for (int i = 0; i < Words; i++)
            {
                result[i] = v[i] ^ v[i + 8];
            }
        }
    }

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
