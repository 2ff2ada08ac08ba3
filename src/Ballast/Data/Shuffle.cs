namespace Ballast.Data;

/// <summary>Orders that depend on a seed alone.</summary>
internal static class Shuffle
{
    /// <summary>The stream that draws the validation split; epoch e uses stream e + 1.</summary>
    public const ulong SplitStream = ulong.MaxValue;

    /// <summary>The numbers 0 to count - 1 in an order drawn by Fisher and Yates's method from the last place down.</summary>
    public static int[] Order(int count, ulong seed, ulong stream)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        var random = new SplitMix64(seed, stream);
        for (int last = count - 1; last > 0; last--)
        {
            int drawn = random.Below(last + 1);
            (order[last], order[drawn]) = (order[drawn], order[last]);
        }

        return order;
    }

    /// <summary>Marks the rows held out for validation: the share of all rows, rounded, at least one and not all.</summary>
    public static bool[] HeldOut(int count, double share, ulong seed)
    {
        int held = Math.Clamp((int)Math.Round(count * share, MidpointRounding.AwayFromZero), Math.Min(1, count - 1), count - 1);
        bool[] marks = new bool[count];
        foreach (int index in Order(count, seed, SplitStream).AsSpan(0, held))
        {
            marks[index] = true;
        }

        return marks;
    }
}
