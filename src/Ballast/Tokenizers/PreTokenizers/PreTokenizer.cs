using System.Globalization;
using System.Text;
using Ballast.Tokenizers.Patterns;

namespace Ballast.Tokenizers.PreTokenizers;

/// <summary>Splits stretches of normalized text into words, which the model then treats one by one.</summary>
internal abstract class PreTokenizer
{
    public abstract List<AlignedText> Apply(List<AlignedText> words);

    /// <summary>Reads a "pre_tokenizer" section; null means that a stretch is one word.</summary>
    public static PreTokenizer? Read(JsonPart part) => part.IsNull ? null : part.TypeName switch
    {
        "Sequence" => new Sequence([.. part["pretokenizers"].Items().Select(Read).OfType<PreTokenizer>()]),
        "Split" => new PatternSplit(PatternPart.Read(part["pattern"]), ReadBehavior(part["behavior"]), part.Flag("invert")),
        "ByteLevel" => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
        "Metaspace" => MetaspacePreTokenizer.ReadFrom(part),
        "Digits" => new PropertySplit(IsNumber, part.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        "Punctuation" => new PropertySplit(IsPunctuation, part["behavior"].IsNull ? SplitBehavior.Isolated : ReadBehavior(part["behavior"])),
        "Whitespace" => new PatternSplit(new Pattern(@"\w+|[^\w\s]+"), SplitBehavior.Removed, true),
        "WhitespaceSplit" => new PropertySplit(CodePointText.IsWhiteSpace, SplitBehavior.Removed),
        "CharDelimiterSplit" => new PatternSplit(Pattern.Literal(part.Text("delimiter")), SplitBehavior.Removed, false),
        string other => throw part.Unsupported($"the pre-tokenizer \"{other}\""),
    };

    private static SplitBehavior ReadBehavior(JsonPart part) => part.Text() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        string other => throw part.Unsupported($"the split behavior \"{other}\""),
    };

    private static bool IsNumber(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsPunctuation(int codePoint) => codePoint < 128
        ? char.IsPunctuation((char)codePoint) || char.IsSymbol((char)codePoint)
        : Rune.IsPunctuation(new Rune(codePoint));

    internal sealed class Sequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
    {
        public override List<AlignedText> Apply(List<AlignedText> words) => steps.Aggregate(words, (current, step) => step.Apply(current));
    }

    internal sealed class PatternSplit(Pattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
    {
        public override List<AlignedText> Apply(List<AlignedText> words)
        {
            List<AlignedText> pieces = [];
            foreach (AlignedText word in words)
            {
                Splitting.Split(word, pattern, behavior, invert, pieces);
            }

            return pieces;
        }
    }

    private sealed class PropertySplit(Func<int, bool> isDelimiter, SplitBehavior behavior) : PreTokenizer
    {
        public override List<AlignedText> Apply(List<AlignedText> words)
        {
            List<AlignedText> pieces = [];
            foreach (AlignedText word in words)
            {
                Splitting.Split(word, isDelimiter, behavior, pieces);
            }

            return pieces;
        }
    }
}
