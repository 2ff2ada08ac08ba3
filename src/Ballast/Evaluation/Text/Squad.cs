using System.Text.RegularExpressions;

namespace Ballast.Evaluation.Text;

/// <summary>Exact match and word F1 of short answers as the SQuAD 1.1 script defines them.</summary>
public static partial class Squad
{
    /// <summary>The text that is compared: lower case, without ASCII punctuation and the articles a, an, the, blanks made single.</summary>
    public static string Normalize(string text)
    {
        string bare = string.Concat(text.ToLowerInvariant().Where(letter => !ExactMatch.Punctuation.Contains(letter)));
        return string.Join(' ', Articles().Replace(bare, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>1 when both texts are equal after <see cref="Normalize"/>, else 0.</summary>
    public static double Exact(string prediction, string reference) => Normalize(prediction) == Normalize(reference) ? 1 : 0;

    /// <summary>Harmonic mean of word precision and recall after <see cref="Normalize"/>, in [0, 1]; 0 for two empty answers, as in SQuAD 1.1.</summary>
    public static double F1(string prediction, string reference)
    {
        string[] predicted = Normalize(prediction).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] expected = Normalize(reference).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, int> wanted = expected.GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
        int shared = predicted.GroupBy(word => word).Sum(group => Math.Min(group.Count(), wanted.GetValueOrDefault(group.Key)));
        return shared == 0 ? 0 : 2.0 * shared / (predicted.Length + expected.Length);
    }

    // Python's \b: letters, digits and the underscore are words, combining marks are not.
    [GeneratedRegex(@"(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])")]
    private static partial Regex Articles();
}
