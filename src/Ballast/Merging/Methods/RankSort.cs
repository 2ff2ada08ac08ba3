using System.Runtime.InteropServices;

namespace Ballast.Merging.Methods;

/// <summary>Orders the entries of a row by magnitude; equal ones keep their order.</summary>
internal static class RankSort
{
    private const int DigitBits = 11;
    private const int Buckets = 1 << DigitBits;

    [ThreadStatic]
    private static int[]? s_indices;

    [ThreadStatic]
    private static int[]? s_other;

    [ThreadStatic]
    private static int[]? s_counts;

    /// <summary>This thread's array for at least <paramref name="length"/> indices, valid until it is rented again.</summary>
    public static int[] Rent(int length)
    {
        if (s_indices is null || s_indices.Length < length)
        {
            s_indices = new int[length];
            s_other = new int[length];
        }

        return s_indices;
    }

    /// <summary>Writes the indices of the entries by ascending magnitude: a radix sort of three passes over 11 bits each.</summary>
    public static void Ascending(ReadOnlySpan<float> entries, int[] indices)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(entries);
        int[] from = indices, to = s_other!;
        int[] counts = s_counts ??= new int[Buckets];
        for (int i = 0; i < bits.Length; i++)
        {
            from[i] = i;
        }

        for (int shift = 0; shift < 31; shift += DigitBits)
        {
            Array.Clear(counts);
            foreach (uint key in bits)
            {
                counts[(key & 0x7FFFFFFF) >> shift & (Buckets - 1)]++;
            }

            int total = 0;
            for (int b = 0; b < Buckets; b++)
            {
                (counts[b], total) = (total, total + counts[b]);
            }

            for (int i = 0; i < bits.Length; i++)
            {
                int index = from[i];
                to[counts[(bits[index] & 0x7FFFFFFF) >> shift & (Buckets - 1)]++] = index;
            }

            (from, to) = (to, from);
        }

        // After three passes the result lies in the other array.
        from.AsSpan(0, bits.Length).CopyTo(indices);
    }
}
