using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ballast.Merging.Methods;

/// <summary>The border around the k entries of largest magnitude in a tensor; of equal magnitudes those with the lower index are inside.</summary>
/// <param name="Value">Bits of the smallest magnitude inside; magnitudes order as their bits do.</param>
/// <param name="IndexLimit">Entries of exactly this magnitude are inside below this index.</param>
internal readonly record struct MagnitudeCut(uint Value, long IndexLimit)
{
    private const uint MagnitudeBits = 0x7FFFFFFF;

    private static readonly MagnitudeCut s_nothing = new(MagnitudeBits, 0);
    private static readonly MagnitudeCut s_everything = new(0, long.MaxValue);

    /// <summary>The smallest magnitude inside.</summary>
    public float Magnitude => BitConverter.UInt32BitsToSingle(Value);

    /// <summary>Gives what is to be ordered for a block; signs are ignored.</summary>
    public delegate ReadOnlySpan<float> KeyFunction(Block block);

    /// <summary>Finds the cuts that keep so many entries each.</summary>
    /// <remarks>
    /// A sample of the tensor gives a narrow bracket for each border; one pass then counts what lies above it and collects what lies in it. Where that
    /// fails (few distinct values, small tensors) two histograms over the bits and a count of the equal ones find it in three.
    /// </remarks>
    public static MagnitudeCut[] Find(MergeTensor tensor, KeyFunction keys, params long[] keep)
    {
        MagnitudeCut?[] found = [.. keep.Select(k => k <= 0 ? s_nothing : k > tensor.Count ? s_everything : (MagnitudeCut?)null)];
        long[] wanted = [.. keep.Where((_, i) => found[i] is null)];
        if (wanted.Length > 0)
        {
            MagnitudeCut[] cuts = BracketSearch.Find(tensor, keys, wanted) ?? HistogramSearch.Find(tensor, keys, wanted);
            int next = 0;
            for (int i = 0; i < keep.Length; i++)
            {
                found[i] ??= cuts[next++];
            }
        }

        return [.. found.Select(f => f!.Value)];
    }

    /// <summary>Sets what lies outside to zero; <paramref name="start"/> is the index of the first entry.</summary>
    public void Keep(Span<float> entries, long start) => Clear(entries, start, inside: false);

    /// <summary>Sets what lies inside to zero.</summary>
    public void Drop(Span<float> entries, long start) => Clear(entries, start, inside: true);

    /// <summary>Whether the entry at an index lies inside.</summary>
    public bool Holds(float entry, long index)
    {
        uint bits = BitConverter.SingleToUInt32Bits(entry) & MagnitudeBits;
        return bits > Value || (bits == Value && index < IndexLimit);
    }

    private void Clear(Span<float> entries, long start, bool inside)
    {
        // All equal magnitudes of the block lie on one side, unless the limit is within it.
        long limit = Math.Clamp(IndexLimit - start, 0, entries.Length);
        Clear(entries[..(int)limit], Value, inside);
        Clear(entries[(int)limit..], Value + 1, inside);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Clear(Span<float> entries, uint smallestInside, bool inside)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(entries);
        Vector<uint> magnitude = new(MagnitudeBits), limit = new(smallestInside);
        int i = 0;
        for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            Vector<uint> x = new(bits[i..]);
            Vector<uint> isInside = Vector.GreaterThanOrEqual(x & magnitude, limit);
            (inside ? Vector.AndNot(x, isInside) : x & isInside).CopyTo(bits[i..]);
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & MagnitudeBits) >= smallestInside == inside)
            {
                bits[i] = 0;
            }
        }
    }
}
