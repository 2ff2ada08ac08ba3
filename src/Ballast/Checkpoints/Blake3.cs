using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ballast.Checkpoints;

/// <summary>BLAKE3 of data that arrives in parts, in any order and from several threads: three times the speed of SHA-256, and a tree by design.</summary>
/// <remarks>
/// O'Connor, Aumasson, Neves, Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2020). Eight or sixteen chunks of 1024 bytes are hashed side by side,
/// one per vector lane. A part is a subtree, so parts other than the last are of one size, 1024 bytes times a power of two.
/// </remarks>
internal static partial class Blake3
{
    /// <summary>Bytes of a leaf of the tree.</summary>
    public const int ChunkBytes = 1024;

    private const int Words = 8;
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
        for (; chunk <= whole - LaneCount; chunk += LaneCount)
        {
            CompressLanes(ref Unsafe.Add(ref MemoryMarshal.GetReference(data), chunk * ChunkBytes), ChunkBytes, firstChunk + chunk, values.Slice(chunk * Words, LaneCount * Words));
        }

        for (; chunk * ChunkBytes < data.Length || chunk == 0; chunk++)
        {
            One(data.Slice(chunk * ChunkBytes, Math.Min(ChunkBytes, data.Length - chunk * ChunkBytes)), firstChunk + chunk, 0, values.Slice(chunk * Words, Words));
        }
    }

    /// <summary>Reduces neighbors level by level until at most two values are left, which <see cref="Digest"/> needs of each part.</summary>
    /// <returns>Number of values left: 1 or 2.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Reduce(Span<uint> values, int count)
    {
        Span<uint> some = stackalloc uint[2 * LaneCount * Words];
        while (count > 2)
        {
            int pairs = count / 2;
            for (int i = 0; i < pairs; i += LaneCount)
            {
                int joined = Math.Min(LaneCount, pairs - i) * Words;
                Span<uint> from = values.Slice(2 * i * Words, 2 * joined), to = values.Slice(i * Words, joined);
                if (joined < LaneCount * Words)
                {
                    from.CopyTo(some);
                    CompressLanes(ref Unsafe.As<uint, byte>(ref some[0]), BlockBytes, 0, some);
                    some[..joined].CopyTo(to);
                }
                else
                {
                    CompressLanes(ref Unsafe.As<uint, byte>(ref from[0]), BlockBytes, 0, to);
                }
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
}
