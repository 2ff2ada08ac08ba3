using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.Files;

namespace Ballast.Tokenizers;

/// <summary>Text to token ids and back, exactly as the published tokenizer of a model does it. Safe for concurrent use.</summary>
/// <remarks>
/// Reads byte-level and byte-fallback BPE: tokenizer.json, SentencePiece and tiktoken tokenizer.model, vocab.json with merges.txt. Anything else is
/// refused by name rather than read almost right. Offsets count code points; an unpaired surrogate is read as U+FFFD. docs/tokenizers.md lists what
/// departs from the reference.
/// </remarks>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly TokenizerConfig _config;
    private readonly AddedVocabulary _added;
    private readonly PostProcessor _postProcessor;

    internal Tokenizer(TokenizerParts parts, TokenizerConfig config)
    {
        _parts = parts;
        _config = config;
        SpecialTokens = config.SpecialTokens ?? parts.DefaultSpecialTokens;
        _added = new AddedVocabulary(config.Complete(parts.Added, parts.Model.Vocabulary), parts.Normalizer);
        VocabSize = Math.Max(parts.Model.Vocabulary.LargestId, _added.Tokens.Select(t => t.Id).Append(-1).Max()) + 1;
        BosId = IdOf("bos_token");
        EosId = IdOf("eos_token");
        PadId = IdOf("pad_token");
        _postProcessor = parts.PostProcessor
            ?? PostProcessor.Around(parts.AddsBos && config.AddBos != false ? BosId : null, parts.AddsBos && config.AddEos == true ? EosId : null);
    }

    /// <summary>Loads a tokenizer and, from the same folder, the special tokens of its tokenizer_config.json.</summary>
    /// <param name="path">
    /// A model folder (tokenizer.json is preferred, then tokenizer.model, then vocab.json with merges.txt) or one of these files.
    /// </param>
    /// <exception cref="TokenizerException">The file is absent, damaged, too large, or of a kind that is not supported.</exception>
    public static Tokenizer Load(string path) => TokenizerLoader.Load(path);

    /// <summary>Largest id + 1: the number of embedding rows a model needs.</summary>
    public int VocabSize { get; }

    /// <summary>Id of bos_token, where there is one.</summary>
    public int? BosId { get; }

    /// <summary>Id of eos_token, where there is one.</summary>
    public int? EosId { get; }

    /// <summary>Id of pad_token, where there is one.</summary>
    public int? PadId { get; }

    /// <summary>Texts of the special tokens by role (bos_token, eos_token, unk_token, pad_token, ...), as chat templates want them.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; }

    /// <summary>The truncation section of tokenizer.json, which is in force only where it is passed to <see cref="EncodeBatch"/>.</summary>
    public Truncation? FiledTruncation => _parts.Truncation;

    /// <summary>The padding section of tokenizer.json, which is in force only where it is passed to <see cref="EncodeBatch"/>.</summary>
    public Padding? FiledPadding => _parts.Padding;

    /// <summary>Token ids of a text.</summary>
    /// <param name="text">Any text; time grows with n log n.</param>
    /// <param name="addSpecialTokens">Adds the special tokens that the tokenizer puts around a text, such as BOS; leave it off for a rendered chat.</param>
    /// <param name="parseSpecialTokens">Reads the name of a special token in the text as that token; switch it off for untrusted text.</param>
    public int[] Encode(string text, bool addSpecialTokens = false, bool parseSpecialTokens = true) =>
        addSpecialTokens ? EncodeWithOffsets(text, true, parseSpecialTokens).Ids : Collect(text, parseSpecialTokens).Ids();

    /// <summary>Token ids of a text with the place of each.</summary>
    /// <inheritdoc cref="Encode"/>
    public Encoding EncodeWithOffsets(string text, bool addSpecialTokens = false, bool parseSpecialTokens = true) =>
        _postProcessor.Apply(Collect(text, parseSpecialTokens).Build(), null, addSpecialTokens, ModelText);

    /// <summary>Token ids of two texts that belong together, joined as the tokenizer's post-processor says.</summary>
    /// <param name="first">The text of type 0.</param>
    /// <param name="second">The other text; most tokenizers give it type 1.</param>
    /// <param name="addSpecialTokens">Adds the special tokens around and between the texts.</param>
    public Encoding EncodePair(string first, string second, bool addSpecialTokens = true) =>
        _postProcessor.Apply(Collect(first, true).Build(), Collect(second, true).Build(), addSpecialTokens, ModelText);

    /// <summary>Encodes texts, cuts them and fills them up.</summary>
    /// <param name="texts">Texts; the result has one encoding for each.</param>
    /// <param name="addSpecialTokens">Adds the special tokens around each text and each overflowing part.</param>
    /// <param name="truncation">Cuts each encoding; null: no cut.</param>
    /// <param name="padding">Fills each encoding; null: no filling.</param>
    /// <exception cref="TokenizerException">The special tokens and the stride leave no room for text.</exception>
    public IReadOnlyList<Encoding> EncodeBatch(
        IReadOnlyList<string> texts, bool addSpecialTokens = false, Truncation? truncation = null, Padding? padding = null)
    {
        List<Encoding> batch = new(texts.Count);
        foreach (string text in texts)
        {
            Encoding encoding = Collect(text, true).Build();
            encoding = truncation?.Apply(encoding, addSpecialTokens ? _postProcessor.AddedTokens : 0) ?? encoding;
            batch.Add(_postProcessor.Apply(encoding, null, addSpecialTokens, ModelText));
        }

        return padding is null || batch.Count == 0 ? batch : padding.Apply(batch);
    }

    /// <summary>The text of token ids. Ids without a token are left out; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        List<string> tokens = new(ids.Length);
        foreach (int id in ids)
        {
            if (IsShown(id, skipSpecialTokens))
            {
                tokens.Add(ModelText(id));
            }
        }

        return _parts.Decoder is Decoder decoder ? string.Concat(decoder.Apply(tokens)) : string.Join(' ', tokens);
    }

    /// <summary>Decodes ids one at a time, holding back what is not a whole character yet.</summary>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    public TokenStream DecodeStream(bool skipSpecialTokens = false) => new(this, skipSpecialTokens);

    /// <summary>The id of a token as the vocabulary writes it; null if there is none.</summary>
    /// <param name="token">Content of an added token ("&lt;|eot_id|&gt;") or entry of the vocabulary ("\u0120the").</param>
    public int? TokenId(string token) => _added.Find(token)?.Id ?? _parts.Model.Vocabulary.Id(token);

    /// <summary>One token as a person reads it: blanks as blanks, bytes that are no whole character as &lt;0xE4&gt;; "" for an id without a token.</summary>
    /// <param name="id">Token id.</param>
    public string TokenText(int id)
    {
        string? token = _added.Find(id)?.Content;
        return token ?? (_parts.Model.Vocabulary.Text(id) is string text ? _parts.Decoder?.Show(text) ?? text : "");
    }

    /// <summary>Whether a token is special: left out when decoding without special tokens.</summary>
    /// <param name="id">Token id.</param>
    public bool IsSpecial(int id) => _added.Find(id) is { Special: true };

    /// <summary>Whether an id has a share in decoded text.</summary>
    internal bool IsShown(int id, bool skipSpecialTokens) => ModelText(id).Length > 0 && !(skipSpecialTokens && IsSpecial(id));

    private int? IdOf(string role) => SpecialTokens.TryGetValue(role, out string? token) ? TokenId(token) : null;

    private string ModelText(int id) => _added.Text(id) ?? _parts.Model.Vocabulary.Text(id) ?? "";

    private EncodingBuilder Collect(string text, bool parseSpecialTokens)
    {
        EncodingBuilder tokens = new();
        foreach ((AlignedText stretch, AddedToken? token) in _added.Split(AlignedText.From(text), parseSpecialTokens && !_config.SplitSpecialTokens))
        {
            if (token is not null)
            {
                tokens.Add(token.Id, stretch.Start(0), stretch.End(stretch.Length - 1));
                continue;
            }

            List<AlignedText> words = _parts.PreTokenizer?.Apply([stretch]) ?? [stretch];
            foreach (AlignedText word in words)
            {
                _parts.Model.Encode(word, tokens);
            }
        }

        return tokens;
    }
}
