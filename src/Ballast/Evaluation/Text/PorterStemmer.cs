namespace Ballast.Evaluation.Text;

/// <summary>Porter's suffix stripping for English with the extensions of NLTK, which ROUGE uses when stemming is on.</summary>
/// <remarks>M. F. Porter, An algorithm for suffix stripping, 1980; NLTK's PorterStemmer in its default mode NLTK_EXTENSIONS.</remarks>
public static class PorterStemmer
{
    private static string? Irregular(string word) => word switch
    {
        "sky" or "skies" => "sky",
        "dying" => "die",
        "lying" => "lie",
        "tying" => "tie",
        "innings" or "inning" => "inning",
        "outings" or "outing" => "outing",
        "cannings" or "canning" => "canning",
        "news" or "howe" or "proceed" or "exceed" or "succeed" => word,
        _ => null,
    };

    // The longest suffixes of a family come first; "fulli" and "logi" are later additions of Porter.
    private static readonly (string Suffix, string Replacement)[] s_step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"),
        ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
        ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
    ];

    private static readonly (string Suffix, string Replacement)[] s_step3 =
    [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ];

    private static readonly string[] s_step4 =
    [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize",
    ];

    /// <summary>The stem of one lower-case word; words of one or two letters are their own stem.</summary>
    public static string Stem(string word) =>
        Irregular(word) ?? (word.Length <= 2 ? word : Step5(Step4(Step3(Step2(Step1c(Step1b(Step1a(word))))))));

    private static string Step1a(string word) => word switch
    {
        _ when word.EndsWith("ies", StringComparison.Ordinal) && word.Length == 4 => word[..^1],
        _ when word.EndsWith("sses", StringComparison.Ordinal) => word[..^2],
        _ when word.EndsWith("ies", StringComparison.Ordinal) => word[..^2],
        _ when word.EndsWith("ss", StringComparison.Ordinal) => word,
        _ when word.EndsWith('s') => word[..^1],
        _ => word,
    };

    private static string Step1b(string word)
    {
        if (word.EndsWith("ied", StringComparison.Ordinal))
        {
            return word.Length == 4 ? word[..^1] : word[..^2];
        }

        if (word.EndsWith("eed", StringComparison.Ordinal))
        {
            return Measure(word[..^3]) > 0 ? word[..^1] : word;
        }

        string? rest = word switch
        {
            _ when word.EndsWith("ed", StringComparison.Ordinal) && HasVowel(word[..^2]) => word[..^2],
            _ when word.EndsWith("ing", StringComparison.Ordinal) && HasVowel(word[..^3]) => word[..^3],
            _ => null,
        };
        return rest switch
        {
            null => word,
            _ when rest.EndsWith("at", StringComparison.Ordinal) || rest.EndsWith("bl", StringComparison.Ordinal)
                || rest.EndsWith("iz", StringComparison.Ordinal) => rest + "e",
            _ when EndsDoubled(rest) => rest[^1] is 'l' or 's' or 'z' ? rest : rest[..^1],
            _ when Measure(rest) == 1 && EndsShort(rest) => rest + "e",
            _ => rest,
        };
    }

    private static string Step1c(string word) =>
        word.EndsWith('y') && word.Length > 2 && IsConsonant(word, word.Length - 2) ? word[..^1] + "i" : word;

    private static string Step2(string word)
    {
        if (word.EndsWith("alli", StringComparison.Ordinal) && Measure(word[..^4]) > 0)
        {
            return Step2(word[..^2]);
        }

        if (word.EndsWith("logi", StringComparison.Ordinal))
        {
            return Measure(word[..^3]) > 0 ? word[..^1] : word;   // measured on the part before "ogi"
        }

        return Replace(word, s_step2);
    }

    private static string Step3(string word) => Replace(word, s_step3);

    private static string Step4(string word)
    {
        foreach (string suffix in s_step4)
        {
            if (word.EndsWith(suffix, StringComparison.Ordinal))
            {
                string rest = word[..^suffix.Length];
                return Measure(rest) > 1 && (suffix != "ion" || rest[^1] is 's' or 't') ? rest : word;
            }
        }

        return word;
    }

    private static string Step5(string word)
    {
        if (word.EndsWith('e'))
        {
            string rest = word[..^1];
            int measure = Measure(rest);
            word = measure > 1 || (measure == 1 && !EndsShort(rest)) ? rest : word;
        }

        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word[..^1]) > 1 ? word[..^1] : word;
    }

    // The first suffix that matches decides, whether or not its condition (something measurable before it) holds.
    private static string Replace(string word, (string Suffix, string Replacement)[] rules)
    {
        foreach ((string suffix, string replacement) in rules)
        {
            if (word.EndsWith(suffix, StringComparison.Ordinal))
            {
                string rest = word[..^suffix.Length];
                return Measure(rest) > 0 ? rest + replacement : word;
            }
        }

        return word;
    }

    // A y is a consonant at the start and after a vowel. Both walks are linear: a hostile word may be a megabyte of y.
    private static bool IsConsonant(string word, int i)
    {
        int first = i;
        while (first > 0 && word[first] == 'y')
        {
            first--;
        }

        bool consonant = word[first] is not ('a' or 'e' or 'i' or 'o' or 'u');
        return (i - first) % 2 == 0 ? consonant : !consonant;
    }

    // Porter's m: how often a vowel run is followed by a consonant run.
    private static int Measure(string word) => Walk(word).Changes;

    private static bool HasVowel(string word) => Walk(word).HasVowel;

    private static (int Changes, bool HasVowel) Walk(string word)
    {
        int changes = 0;
        bool hasVowel = false;
        bool vowelBefore = true;   // so that a y at the start is a consonant
        for (int i = 0; i < word.Length; i++)
        {
            bool vowel = word[i] is 'a' or 'e' or 'i' or 'o' or 'u' || (word[i] == 'y' && !vowelBefore);
            changes += i > 0 && vowelBefore && !vowel ? 1 : 0;
            hasVowel |= vowel;
            vowelBefore = vowel;
        }

        return (changes, hasVowel);
    }

    private static bool EndsDoubled(string word) => word.Length >= 2 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1);

    // Consonant, vowel, consonant other than w, x, y at the end; in NLTK also a word of vowel and consonant.
    private static bool EndsShort(string word) =>
        (word.Length >= 3 && IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2)
            && IsConsonant(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y'))
        || (word.Length == 2 && !IsConsonant(word, 0) && IsConsonant(word, 1));
}
