using System.Text;

namespace Ballast.Tokenizers;

/// <summary>How a <see cref="BpeModel"/> treats what its vocabulary lacks.</summary>
/// <param name="UnknownId">Stands for a character that is not in the vocabulary; null drops such characters.</param>
/// <param name="MissingUnknown">The unknown token where its own vocabulary lacks it: an unknown character is then a fault.</param>
/// <param name="FuseUnknown">One unknown token for a run of unknown characters.</param>
/// <param name="ByteFallback">Byte tokens (&lt;0xE4&gt;) for an unknown character where the vocabulary has all it needs.</param>
/// <param name="WholeWordsFirst">A word that is in the vocabulary is that token, whatever the merges say.</param>
internal sealed record BpeOptions(
    int? UnknownId = null, string? MissingUnknown = null, bool FuseUnknown = false, bool ByteFallback = false, bool WholeWordsFirst = false);

/// <summary>Byte-pair encoding: a word starts as single characters, then the merge of the lowest rank is applied until none is left.</summary>
internal sealed class BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
{
    private const int LongestCachedWord = 64;
    private const int Blank = 0x2581;
    private readonly bool _blanksStartWords = BlanksStartWords(vocabulary, options);
    private readonly WordCache _cache = new();
    private readonly Dictionary<int, int> _characters = Characters(vocabulary);
    private readonly int?[] _bytes = [.. Enumerable.Range(0, 256).Select(b => vocabulary.Id($"<0x{b:X2}>"))];

    public Vocabulary Vocabulary => vocabulary;

    /// <summary>Appends the tokens of one word; the time grows with n log n, and words that were seen before are looked up.</summary>
    public void Encode(AlignedText word, EncodingBuilder target)
    {
        int start = 0;
        for (int i = 1; _blanksStartWords && i < word.Length; i++)
        {
            if (word[i] == Blank && word[i - 1] != Blank)
            {
                EncodeWord(word.Slice(start, i), target);
                start = i;
            }
        }

        EncodeWord(word.Slice(start, word.Length), target);
    }

    private void EncodeWord(AlignedText word, EncodingBuilder target)
    {
        if (word.Length > LongestCachedWord)
        {
            Append(word, Merge(word, word.ToString()), target);
            return;
        }

        Span<char> buffer = stackalloc char[2 * LongestCachedWord];
        ReadOnlySpan<char> key = buffer[..CodePointText.Write(word.CodePoints, buffer)];
        if (!_cache.TryFind(key, out WordToken[]? tokens))
        {
            tokens = Merge(word, key);
            _cache.Add(key, tokens);
        }

        Append(word, tokens, target);
    }

    private static void Append(AlignedText word, WordToken[] tokens, EncodingBuilder target)
    {
        foreach (WordToken token in tokens)
        {
            target.Add(token.Id, word.Start(token.Start), word.End(token.End - 1));
        }
    }

    private WordToken[] Merge(AlignedText word, ReadOnlySpan<char> text) => options.WholeWordsFirst && vocabulary.Id(text) is int whole
        ? [new(whole, 0, word.Length)]
        : new MergeRun(merges, Symbols(word)).Run();

    private List<WordToken> Symbols(AlignedText word)
    {
        List<WordToken> symbols = new(word.Length);
        bool afterUnknown = false;
        bool dropped = false;
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < word.Length; i++)
        {
            bool unknown = false;
            if (_characters.TryGetValue(word[i], out int id))
            {
                symbols.Add(new(id, i, i + 1));
            }
            else if (!options.ByteFallback || !AddBytes(utf8[..new Rune(word[i]).EncodeToUtf8(utf8)], i, symbols))
            {
                unknown = options.UnknownId is not null;
                if (options.MissingUnknown is string missing)
                {
                    throw new TokenizerException(
                        $"the text holds U+{word[i]:X4}, which the vocabulary lacks, as it lacks the unk_token \"{missing}\"; mend the tokenizer file");
                }

                if (unknown && afterUnknown && options.FuseUnknown)
                {
                    symbols[^1] = symbols[^1] with { End = i + 1 };
                }
                else if (unknown)
                {
                    symbols.Add(new(options.UnknownId!.Value, i, i + 1));
                }

                dropped |= !unknown;
            }

            afterUnknown = unknown;
        }

        return dropped ? CloseGaps(word, symbols) : symbols;
    }

    /// <summary>
    /// Where characters were dropped, the reference counts positions in the UTF-8 of the word as if they had never been there. So do we: the offsets
    /// in such a word are the reference's, not the true ones.
    /// </summary>
    private List<WordToken> CloseGaps(AlignedText word, List<WordToken> symbols)
    {
        List<int> letterOfByte = [];
        for (int i = 0; i < word.Length; i++)
        {
            letterOfByte.AddRange(Enumerable.Repeat(i, new Rune(word[i]).Utf8SequenceLength));
        }

        List<WordToken> closed = new(symbols.Count);
        int position = 0;
        foreach (WordToken symbol in symbols)
        {
            int letter = word[symbol.Start];
            int bytes = _characters.ContainsKey(letter) ? new Rune(letter).Utf8SequenceLength : 1;
            closed.Add(new(symbol.Id, letterOfByte[position], letterOfByte[position + bytes - 1] + 1));
            position += bytes;
        }

        return closed;
    }

    private bool AddBytes(ReadOnlySpan<byte> utf8, int index, List<WordToken> symbols)
    {
        int before = symbols.Count;
        foreach (byte value in utf8)
        {
            if (_bytes[value] is not int id)
            {
                symbols.RemoveRange(before, symbols.Count - before);
                return false;
            }

            symbols.Add(new(id, index, index + 1));
        }

        return true;
    }

    /// <summary>
    /// Whether no token goes over a border between another character and a written blank. Then no merge does either, and a whole text that is one
    /// word, as with Llama 2, can be cut there without changing a token.
    /// </summary>
    private static bool BlanksStartWords(Vocabulary vocabulary, BpeOptions options) =>
        !options.WholeWordsFirst && options.UnknownId is not null && vocabulary.Id(char.ToString((char)Blank)) is not null
        && !vocabulary.Tokens.Any(t => t.Key.AsSpan().TrimStart((char)Blank).Contains((char)Blank));

    private static Dictionary<int, int> Characters(Vocabulary vocabulary)
    {
        Dictionary<int, int> characters = [];
        foreach ((string text, int id) in vocabulary.Tokens)
        {
            if (text.Length > 0 && Rune.TryGetRuneAt(text, 0, out Rune rune) && rune.Utf16SequenceLength == text.Length)
            {
                characters.Add(rune.Value, id);
            }
        }

        return characters;
    }
}
