namespace Ballast.Evaluation.Text;

/// <summary>Words as ROUGE sees them: lower-cased runs of a-z and 0-9; everything else, accented letters included, separates.</summary>
internal static class RougeWords
{
    /// <summary>The words of a text; with <paramref name="stem"/> those of more than 3 letters are reduced to their Porter stem.</summary>
    public static string[] Of(string text, bool stem)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        foreach (char letter in text)
        {
            char lower = Lower(letter);
            if (char.IsAsciiLetterLower(lower) || char.IsAsciiDigit(lower))
            {
                word.Append(lower);
            }

            if (word.Length > 0 && (lower == ' ' || letter == '\u0130'))
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return [.. stem ? words.Select(w => w.Length > 3 ? PorterStemmer.Stem(w) : w) : words];
    }

    // The two letters beyond ASCII whose lower case is (or begins with) an ASCII letter are the Kelvin sign and the dotted capital I.
    private static char Lower(char letter) => letter switch
    {
        >= 'A' and <= 'Z' => (char)(letter | 0x20),
        >= 'a' and <= 'z' or >= '0' and <= '9' => letter,
        '\u212A' => 'k',
        '\u0130' => 'i',
        _ => ' ',
    };
}
