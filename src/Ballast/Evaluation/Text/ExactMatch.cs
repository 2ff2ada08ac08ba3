namespace Ballast.Evaluation.Text;

/// <summary>Equality of whole texts, with the relaxations of Hugging Face's exact_match.</summary>
public static class ExactMatch
{
    internal const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>1 when both texts are equal, else 0. Blanks count: trim the texts first where they should not.</summary>
    /// <param name="prediction">The text that is scored.</param>
    /// <param name="reference">The text that was wanted.</param>
    /// <param name="ignoreCase">Compare in lower case.</param>
    /// <param name="ignorePunctuation">Drop ASCII punctuation.</param>
    /// <param name="ignoreNumbers">Drop the digits 0-9.</param>
    public static double Score(string prediction, string reference, bool ignoreCase = false, bool ignorePunctuation = false, bool ignoreNumbers = false)
    {
        return Reduced(prediction) == Reduced(reference) ? 1 : 0;

        string Reduced(string text) => string.Concat((ignoreCase ? text.ToLowerInvariant() : text).Where(letter =>
            !(ignorePunctuation && Punctuation.Contains(letter)) && !(ignoreNumbers && char.IsAsciiDigit(letter))));
    }
}
