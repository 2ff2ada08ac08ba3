namespace Ballast.Configs;

/// <summary>Finds the word a misspelt one was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>Text to append to a message, <c>, did you mean 'epochs'?</c>, or nothing when no candidate is near.</summary>
    public static string For(string word, IEnumerable<string> candidates)
    {
        int limit = Math.Max(1, Math.Min(word.Length, 40) / 3);
        string? nearest = candidates.Where(candidate => Math.Abs(candidate.Length - word.Length) <= limit)
            .Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate)))
            .Where(pair => pair.Distance <= limit).OrderBy(pair => pair.Distance).Select(pair => pair.Candidate).FirstOrDefault();
        return nearest is null ? "" : $", did you mean '{nearest}'?";
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbors, ignoring case.</summary>
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                int change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                int best = Math.Min(table[i - 1, j - 1] + change, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]);
                table[i, j] = swapped ? Math.Min(best, table[i - 2, j - 2] + 1) : best;
            }
        }

        return table[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
