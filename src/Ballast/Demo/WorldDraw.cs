using Ballast.Data;

namespace Ballast.Demo;

/// <summary>Random choices of the demo's world; each purpose has its own stream, so that one list never moves another.</summary>
internal sealed class WorldDraw(ulong seed, WorldDraw.Purpose purpose)
{
    private SplitMix64 _random = new(seed, (ulong)purpose);

    /// <summary>What a stream is drawn for.</summary>
    public enum Purpose : ulong
    {
        Facts,
        Suites,
        Pretraining,
        Alignment,
        Downstream,
        Weights,
    }

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    public bool Chance(int percent) => _random.Below(100) < percent;

    /// <summary>One of the items, all equally likely.</summary>
    public T From<T>(IReadOnlyList<T> items) => items[_random.Below(items.Count)];

    /// <summary>A number in [-1, 1) on a grid of 2^-23.</summary>
    public float Symmetric() => (_random.Next() >> 40) / 8388608f - 1;

    /// <summary>Some of the items in a random order, none of them twice.</summary>
    public T[] Sample<T>(IEnumerable<T> items, int count)
    {
        List<T> left = [.. items];
        var drawn = new T[count];
        for (int i = 0; i < count; i++)
        {
            int index = _random.Below(left.Count);
            drawn[i] = left[index];
            left.RemoveAt(index);
        }

        return drawn;
    }

    /// <summary>All items in a random order.</summary>
    public T[] Shuffled<T>(IReadOnlyCollection<T> items) => Sample(items, items.Count);
}
