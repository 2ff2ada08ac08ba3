using Ballast.Tokenizers.Normalizers;
using Ballast.Tokenizers.Patterns;

namespace Ballast.Tokenizers.PreTokenizers;

/// <summary>Writes blanks as a visible letter, puts one before the text as the scheme says, and may split before each.</summary>
internal sealed class MetaspacePreTokenizer(int replacement, string scheme, bool split) : PreTokenizer
{
    public const string Blank = "\u2581";
    private readonly Normalizer.Replace _blanks = new(Pattern.Literal(" "), char.ConvertFromUtf32(replacement));
    private readonly Normalizer.Prepend _prefix = new(char.ConvertFromUtf32(replacement));

    public static MetaspacePreTokenizer ReadFrom(JsonPart part) => new(ReadReplacement(part), ReadScheme(part), part.Flag("split", true));

    /// <summary>The letter that stands for a blank.</summary>
    public static int ReadReplacement(JsonPart part)
    {
        int[] letters = CodePointText.FromText(part.OptionalText("replacement") ?? Blank);
        return letters.Length == 1 ? letters[0] : throw part["replacement"].Fault($"expected one character, found {letters.Length}");
    }

    /// <summary>always, first or never; older files say add_prefix_space.</summary>
    public static string ReadScheme(JsonPart part)
    {
        string scheme = part.OptionalText("prepend_scheme") ?? (part.Flag("add_prefix_space", true) ? "always" : "never");
        return scheme is "always" or "first" or "never" ? scheme : throw part["prepend_scheme"].Unsupported($"\"{scheme}\"");
    }

    public override List<AlignedText> Apply(List<AlignedText> words)
    {
        List<AlignedText> pieces = [];
        foreach (AlignedText word in words)
        {
            AlignedText text = _blanks.Apply(word);
            bool prefixed = text[0] != replacement && (scheme == "always" || (scheme == "first" && text.Start(0) == 0));
            text = prefixed ? _prefix.Apply(text) : text;
            if (split)
            {
                Splitting.Split(text, c => c == replacement, SplitBehavior.MergedWithNext, pieces);
            }
            else
            {
                pieces.Add(text);
            }
        }

        return pieces;
    }
}
