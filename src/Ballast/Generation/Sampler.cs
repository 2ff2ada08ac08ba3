using Ballast.Data;

namespace Ballast.Generation;

/// <summary>Chooses the next token of one sequence from its logits.</summary>
/// <param name="options">Temperature, nucleus and seed.</param>
/// <param name="sequence">Number of the prompt: each has a random stream of its own, so a reply does not depend on the batch it was decoded in.</param>
internal sealed class Sampler(GenerationOptions options, int sequence)
{
    private SplitMix64 _random = new(options.Seed, unchecked((ulong)sequence + 1));

    /// <summary>The next token: the most likely one (the smallest id among equals), or a draw from the nucleus.</summary>
    public int Next(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        return options.Temperature <= 0 ? best : Draw(logits, logits[best]);
    }

    private int Draw(ReadOnlySpan<float> logits, float top)
    {
        var weights = new double[logits.Length];
        double total = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp((logits[i] - (double)top) / options.Temperature);
            total += weights[i];
        }

        int[] order = [.. Enumerable.Range(0, weights.Length)];
        Array.Sort(order, (a, b) => weights[a] == weights[b] ? a.CompareTo(b) : weights[b].CompareTo(weights[a]));
        double nucleus = 0;
        int kept = 0;
        while (kept < order.Length && (kept == 0 || nucleus < options.TopP * total))
        {
            nucleus += weights[order[kept++]];
        }

        double place = (_random.Next() >> 11) / 9007199254740992.0 * nucleus;
        for (int i = 0; i < kept; i++)
        {
            place -= weights[order[i]];
            if (place < 0)
            {
                return order[i];
            }
        }

        return order[kept - 1];
    }
}
