using System.Runtime.InteropServices;

namespace Ballast.Merging.Methods;

/// <summary>Finds magnitude cuts in any tensor: a histogram of the upper 16 bits, one of the lower 15 in the chosen bin, a count of the equal entries.</summary>
internal static class HistogramSearch
{
    private const int LowBits = 15;
    private const int UpperBins = 1 << 16;
    private const int LowerBins = 1 << LowBits;

    /// <summary>One cut for each number of entries to keep, each between 1 and the number of entries.</summary>
    public static MagnitudeCut[] Find(MergeTensor tensor, MagnitudeCut.KeyFunction keys, long[] keep)
    {
        long[] upper = tensor.Tally(UpperBins, (block, counts) =>
        {
            foreach (uint key in Keys(block, keys))
            {
                counts[(int)((key & 0x7FFFFFFF) >> LowBits)]++;
            }
        });
        (uint Bin, long Left)[] places = [.. keep.Select(k => Descend(upper, k))];
        uint[] bins = [.. places.Select(p => p.Bin).Distinct()];
        long[] lower = tensor.Tally(LowerBins * bins.Length, (block, counts) =>
        {
            foreach (uint key in Keys(block, keys))
            {
                int bin = Array.IndexOf(bins, (key & 0x7FFFFFFF) >> LowBits);
                if (bin >= 0)
                {
                    counts[bin * LowerBins + (int)(key & (LowerBins - 1))]++;
                }
            }
        });
        MagnitudeCut[] cuts = new MagnitudeCut[keep.Length];
        for (int i = 0; i < keep.Length; i++)
        {
            ReadOnlySpan<long> counts = lower.AsSpan(Array.IndexOf(bins, places[i].Bin) * LowerBins, LowerBins);
            (uint low, long left) = Descend(counts, places[i].Left);
            uint value = places[i].Bin << LowBits | low;
            cuts[i] = new MagnitudeCut(value, left == counts[(int)low] || value == 0 ? long.MaxValue : LimitOf(tensor, keys, value, left));
        }

        return cuts;
    }

    /// <summary>The bin, counted from the top, in which the k-th entry lies, and its rank within the bin.</summary>
    private static (uint Bin, long Left) Descend(ReadOnlySpan<long> counts, long k)
    {
        int bin = counts.Length - 1;
        while (k > counts[bin])
        {
            k -= counts[bin--];
        }

        return ((uint)bin, k);
    }

    /// <summary>The index behind the <paramref name="left"/>-th entry of exactly this magnitude.</summary>
    private static long LimitOf(MergeTensor tensor, MagnitudeCut.KeyFunction keys, uint value, long left)
    {
        long[] perPart = new long[tensor.PartCount];
        tensor.ForEach((block, part) =>
        {
            foreach (uint key in Keys(block, keys))
            {
                if ((key & 0x7FFFFFFF) == value)
                {
                    perPart[part]++;
                }
            }
        });
        int chosen = 0;
        while (left > perPart[chosen])
        {
            left -= perPart[chosen++];
        }

        long limit = 0;
        tensor.ForPart(chosen, block =>
        {
            ReadOnlySpan<uint> found = Keys(block, keys);
            for (int i = 0; i < found.Length && left > 0; i++)
            {
                if ((found[i] & 0x7FFFFFFF) == value && --left == 0)
                {
                    limit = block.Start + i + 1;
                }
            }
        });
        return limit;
    }

    private static ReadOnlySpan<uint> Keys(Block block, MagnitudeCut.KeyFunction keys) => MemoryMarshal.Cast<float, uint>(keys(block));
}
