namespace Ballast.Evaluation.Text;

/// <summary>ROUGE-1, -2, -L and -Lsum, equal to the Python package rouge-score.</summary>
/// <remarks>C.-Y. Lin, ROUGE: a package for automatic evaluation of summaries, 2004. Time grows with the product of both lengths.</remarks>
public static class Rouge
{
    /// <summary>ROUGE-L and -Lsum refuse texts of more words than this, for their time grows with the product of both lengths.</summary>
    public const int MaxWords = 20_000;

    /// <summary>ROUGE-N: shared word sequences of length <paramref name="order"/>, each counted at most as often as it occurs in both texts.</summary>
    /// <param name="prediction">The text that is scored.</param>
    /// <param name="reference">The text that was wanted.</param>
    /// <param name="order">1 for words, 2 for pairs of words.</param>
    /// <param name="stem">Whether words of more than 3 letters are compared by their Porter stem.</param>
    public static RougeScore N(string prediction, string reference, int order, bool stem = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        string[] predicted = RougeWords.Of(prediction, stem);
        string[] expected = RougeWords.Of(reference, stem);
        Dictionary<string, int> wanted = Counts(expected, order);
        int hits = Counts(predicted, order).Sum(gram => Math.Min(gram.Value, wanted.GetValueOrDefault(gram.Key)));
        return RougeScore.From(hits, predicted.Length - order + 1, expected.Length - order + 1);
    }

    /// <summary>ROUGE-L: the longest common subsequence of the words of both texts.</summary>
    /// <param name="prediction">The text that is scored.</param>
    /// <param name="reference">The text that was wanted.</param>
    /// <param name="stem">Whether words of more than 3 letters are compared by their Porter stem.</param>
    /// <exception cref="DataException">A text has more than <see cref="MaxWords"/> words.</exception>
    public static RougeScore L(string prediction, string reference, bool stem = false)
    {
        string[] predicted = Checked(RougeWords.Of(prediction, stem));
        string[] expected = Checked(RougeWords.Of(reference, stem));
        int[] row = new int[predicted.Length + 1];   // row[j]: longest common subsequence of the words so far and the first j predicted ones
        foreach (string word in expected)
        {
            int diagonal = 0;
            for (int j = 1; j <= predicted.Length; j++)
            {
                int above = row[j];
                row[j] = word == predicted[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }

        return RougeScore.From(row[predicted.Length], predicted.Length, expected.Length);
    }

    /// <summary>ROUGE-Lsum: per line of the reference the union of its common subsequences with every line of the prediction.</summary>
    /// <param name="prediction">The text that is scored; lines are separated by a line feed.</param>
    /// <param name="reference">The text that was wanted.</param>
    /// <param name="stem">Whether words of more than 3 letters are compared by their Porter stem.</param>
    /// <exception cref="DataException">A text has more than <see cref="MaxWords"/> words.</exception>
    public static RougeScore Lsum(string prediction, string reference, bool stem = false)
    {
        string[][] predicted = Lines(prediction, stem);
        string[][] expected = Lines(reference, stem);
        Dictionary<string, int> left = Counts(predicted.SelectMany(line => line), 1);
        Dictionary<string, int> wanted = Counts(expected.SelectMany(line => line), 1);
        int hits = 0;
        foreach (string[] line in expected)
        {
            var union = new SortedSet<int>(predicted.SelectMany(other => CommonPositions(line, other)));
            foreach (string word in union.Select(position => line[position]))
            {
                if (left.GetValueOrDefault(word) > 0 && wanted[word] > 0)
                {
                    hits++;
                    left[word]--;
                    wanted[word]--;
                }
            }
        }

        return RougeScore.From(hits, predicted.Sum(line => line.Length), expected.Sum(line => line.Length));
    }

    private static string[][] Lines(string text, bool stem)
    {
        string[][] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => RougeWords.Of(line, stem))];
        return lines.Sum(line => line.Length) <= MaxWords ? lines : throw TooLong();
    }

    // Positions in line of one longest common subsequence; ties are broken as rouge-score breaks them.
    private static List<int> CommonPositions(string[] line, string[] other)
    {
        int[,] length = new int[line.Length + 1, other.Length + 1];
        for (int i = 1; i <= line.Length; i++)
        {
            for (int j = 1; j <= other.Length; j++)
            {
                length[i, j] = line[i - 1] == other[j - 1] ? length[i - 1, j - 1] + 1 : Math.Max(length[i - 1, j], length[i, j - 1]);
            }
        }

        var positions = new List<int>();
        for (int i = line.Length, j = other.Length; i > 0 && j > 0;)
        {
            if (line[i - 1] == other[j - 1])
            {
                positions.Add(--i);
                j--;
            }
            else if (length[i, j - 1] > length[i - 1, j])
            {
                j--;
            }
            else
            {
                i--;
            }
        }

        return positions;
    }

    private static Dictionary<string, int> Counts(IEnumerable<string> words, int order)
    {
        string[] all = [.. words];
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int start = 0; start + order <= all.Length; start++)
        {
            string gram = order == 1 ? all[start] : string.Join(' ', all, start, order);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }

        return counts;
    }

    private static string[] Checked(string[] words) => words.Length <= MaxWords ? words : throw TooLong();

    private static DataException TooLong() =>
        new($"ROUGE-L: a text has more than {MaxWords} words; shorten it, lower max_new_tokens or leave rouge-l out of the suite's metrics");
}
