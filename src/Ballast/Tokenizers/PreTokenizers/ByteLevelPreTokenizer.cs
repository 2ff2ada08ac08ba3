using System.Text;
using Ballast.Tokenizers.Patterns;

namespace Ballast.Tokenizers.PreTokenizers;

/// <summary>Splits as GPT-2 does (unless another pre-tokenizer did) and writes each byte of the text as a letter of <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private static readonly Pattern s_gpt2 = new(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");

    public override List<AlignedText> Apply(List<AlignedText> words)
    {
        List<AlignedText> pieces = useRegex || addPrefixSpace ? [] : words;
        if (pieces != words)
        {
            foreach (AlignedText word in words)
            {
                AlignedText prefixed = addPrefixSpace && word[0] != ' ' ? new Normalizers.Normalizer.Prepend(" ").Apply(word) : word;
                if (useRegex)
                {
                    Splitting.Split(prefixed, s_gpt2, SplitBehavior.Isolated, false, pieces);
                }
                else
                {
                    pieces.Add(prefixed);
                }
            }
        }

        return ToBytes(pieces);
    }

    private static List<AlignedText> ToBytes(List<AlignedText> words)
    {
        AlignedTextBuilder bytes = new(words.Sum(w => w.Length));
        List<int> ends = new(words.Count);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (AlignedText word in words)
        {
            for (int i = 0; i < word.Length; i++)
            {
                int length = new Rune(word[i]).EncodeToUtf8(utf8);
                for (int b = 0; b < length; b++)
                {
                    bytes.Add(ByteAlphabet.Letter(utf8[b]), word.Start(i), word.End(i));
                }
            }

            ends.Add(bytes.Length);
        }

        AlignedText all = bytes.Build();
        return [.. ends.Select((end, i) => all.Slice(i == 0 ? 0 : ends[i - 1], end))];
    }
}
