namespace Ballast.Data;

/// <summary>The SplitMix64 generator of Steele, Lea and Flood (2014): the same numbers on every machine and with every runtime.</summary>
/// <remarks>A stream is set apart from the others of a seed by starting at seed + mix(stream); every seed, 0 too, is a seed.</remarks>
internal struct SplitMix64(ulong seed, ulong stream = 0)
{
    private ulong _state = unchecked(seed + Mix(stream));

    /// <summary>The next 64 bits.</summary>
    public ulong Next() => Mix(_state = unchecked(_state + 0x9E3779B97F4A7C15));

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>, without bias (Lemire 2019: multiply and reject).</summary>
    public int Below(int bound)
    {
        ulong range = (ulong)bound;
        ulong high = Math.BigMul(Next(), range, out ulong low);
        if (low < range)
        {
            for (ulong threshold = unchecked(0 - range) % range; low < threshold;)
            {
                high = Math.BigMul(Next(), range, out low);
            }
        }

        return (int)high;
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
