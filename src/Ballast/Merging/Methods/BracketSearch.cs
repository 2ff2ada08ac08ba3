using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ballast.Merging.Methods;

/// <summary>Finds magnitude cuts of large tensors in one pass: a sample brackets each border, the pass collects what lies in the brackets.</summary>
internal static class BracketSearch
{
    /// <summary>Smaller tensors fit the cache, where the histograms are as fast.</summary>
    private const long SmallestTensor = 1 << 19;

    private const int Samples = 1 << 15;

    /// <summary>Half the width of a bracket as a share of the entries: more than three standard errors of a random sample's median.</summary>
    private const double Margin = 0.009;

    /// <summary>Largest share of the entries that is collected.</summary>
    private const int CollectedShare = 16;

    /// <summary>One cut for each number of entries to keep, or null when a bracket misses its border or holds too much.</summary>
    public static MagnitudeCut[]? Find(MergeTensor tensor, MagnitudeCut.KeyFunction keys, long[] keep)
    {
        if (tensor.Count is < SmallestTensor or > uint.MaxValue)
        {
            return null;
        }

        uint[] sample = tensor.Sample(Samples, keys);
        (uint Low, uint High)[] brackets = [.. keep.Select(k =>
        {
            double rank = 1 - (double)k / tensor.Count;
            return (At(sample, rank - Margin), At(sample, rank + Margin));
        })];
        List<ulong>[][] collected = [.. Enumerable.Range(0, tensor.PartCount).Select(_ => new List<ulong>[keep.Length])];
        long[][] above = [.. Enumerable.Range(0, tensor.PartCount).Select(_ => new long[keep.Length])];
        long room = tensor.Count / CollectedShare;
        tensor.ForEach((block, part) =>
        {
            ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(keys(block));
            for (int i = 0; i < brackets.Length && Volatile.Read(ref room) >= 0; i++)
            {
                List<ulong> list = collected[part][i] ??= [];
                int before = list.Count;
                above[part][i] += Collect(bits, block.Start, brackets[i].Low, brackets[i].High, list);
                Interlocked.Add(ref room, before - list.Count);
            }
        });
        if (room < 0)
        {
            return null;
        }

        MagnitudeCut[] cuts = new MagnitudeCut[keep.Length];
        for (int i = 0; i < keep.Length; i++)
        {
            long left = keep[i] - above.Sum(a => a[i]);
            ulong[] candidates = new ulong[collected.Sum(c => c[i]?.Count ?? 0)];
            if (left <= 0 || left > candidates.Length)
            {
                return null;
            }

            int used = 0;
            foreach (List<ulong>[] part in collected)
            {
                part[i]?.CopyTo(candidates, used);
                used += part[i]?.Count ?? 0;
            }

            ulong last = Select<ulong>(candidates, candidates.Length - (int)left);
            uint value = (uint)(last >> 32);
            cuts[i] = new MagnitudeCut(value, value == 0 ? long.MaxValue : (long)(uint.MaxValue - (last & uint.MaxValue)) + 1);
        }

        return cuts;
    }

    /// <summary>The value that would stand at a place if all were sorted; the values are moved about.</summary>
    /// <remarks>Floyd and Rivest, "Expected time bounds for selection" (1975): a sorted sample brackets the value, and few others remain.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Select<T>(Span<T> values, int place) where T : unmanaged, IComparisonOperators<T, T, bool>
    {
        const int Sampled = 512, Few = 2048;
        int reach = 32;
        Span<T> sample = stackalloc T[Sampled];
        while (values.Length > Few && reach < Sampled)
        {
            for (int i = 0; i < Sampled; i++)
            {
                sample[i] = values[(int)((long)i * values.Length / Sampled)];
            }

            sample.Sort();
            int rank = (int)((long)place * Sampled / values.Length), below = 0, inside = 0;
            T low = sample[Math.Max(0, rank - reach)], high = sample[Math.Min(Sampled - 1, rank + reach)];
            foreach (T value in values)
            {
                below += Bit(value < low);
                inside += Bit(value >= low) & Bit(value <= high);
            }

            if (place < below || place >= below + inside || inside > values.Length / 2)
            {
                reach *= 2;
                continue;
            }

            int kept = 0;
            foreach (T value in values)  // kept stays behind
            {
                values[kept] = value;
                kept += Bit(value >= low) & Bit(value <= high);
            }

            values = values[..kept];
            place -= below;
        }

        values.Sort();
        return values[place];
    }

    /// <summary>1 or 0 without a jump, which would be guessed wrong half of the time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bit(bool condition) => Unsafe.BitCast<bool, byte>(condition);

    private static uint At(uint[] sample, double rank) => rank < 0 ? 0 : rank >= 1 ? 0x7FFFFFFF : Select<uint>([.. sample], (int)(rank * sample.Length));

    /// <summary>Adds the entries with low &lt;= magnitude &lt;= high to the list; counts those above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Collect(ReadOnlySpan<uint> bits, long start, uint low, uint high, List<ulong> list)
    {
        // Few entries lie in the bracket: the others only pass by, sixteen at a time.
        Vector512<uint> magnitude = Vector512.Create(0x7FFFFFFFu), lowest = Vector512.Create(low), highest = Vector512.Create(high);
        ref uint from = ref MemoryMarshal.GetReference(bits);
        long above = 0;
        int i = 0;
        for (; i <= bits.Length - Vector512<uint>.Count; i += Vector512<uint>.Count)
        {
            Vector512<uint> x = Vector512.LoadUnsafe(ref from, (nuint)i) & magnitude;
            ulong over = Vector512.GreaterThan(x, highest).ExtractMostSignificantBits();
            above += BitOperations.PopCount(over);
            for (ulong inside = Vector512.GreaterThanOrEqual(x, lowest).ExtractMostSignificantBits() & ~over; inside != 0; inside &= inside - 1)
            {
                int j = i + BitOperations.TrailingZeroCount(inside);
                list.Add(Candidate(bits[j] & 0x7FFFFFFF, start + j));
            }
        }

        for (; i < bits.Length; i++)
        {
            uint key = bits[i] & 0x7FFFFFFF;
            above += key > high ? 1 : 0;
            if (key >= low && key <= high)
            {
                list.Add(Candidate(key, start + i));
            }
        }

        return above;
    }

    /// <summary>Orders by magnitude; of equal magnitudes the first counts as the largest.</summary>
    private static ulong Candidate(uint key, long index) => (ulong)key << 32 | (uint.MaxValue - (uint)index);
}
