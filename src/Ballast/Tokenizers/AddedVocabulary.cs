using Ballast.Tokenizers.Normalizers;

namespace Ballast.Tokenizers;

/// <summary>The tokens added to a model's vocabulary, and the order in which a text is searched for them.</summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _shown = [];
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;
    private readonly Normalizer? _normalizer;

    public AddedVocabulary(IReadOnlyList<AddedToken> tokens, Normalizer? normalizer)
    {
        _normalizer = normalizer;
        foreach (AddedToken token in tokens)
        {
            _byId[token.Id] = token;
            _byContent[token.Content] = token;
            _shown[token.Id] = CodePointText.ToText(Content(token));
        }

        _raw = new(tokens.Where(t => !t.Normalized).Select(t => (Content(t), t)));
        _normalized = new(tokens.Where(t => t.Normalized).Select(t => (Content(t), t)));
    }

    public IEnumerable<AddedToken> Tokens => _byId.Values;

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    public AddedToken? Find(string content) => _byContent.GetValueOrDefault(content);

    /// <summary>What a token decodes to: its content, normalized if it is looked for in normalized text.</summary>
    public string? Text(int id) => _shown.GetValueOrDefault(id);

    /// <summary>Tokens that are not normalized are cut out of the raw text; the rest is normalized and searched for the others.</summary>
    public IEnumerable<(AlignedText Text, AddedToken? Token)> Split(AlignedText text, bool parseSpecial)
    {
        foreach ((AlignedText Text, AddedToken? Token) outer in _raw.Split(text, parseSpecial))
        {
            if (outer.Token is not null)
            {
                yield return outer;
                continue;
            }

            AlignedText normalized = _normalizer?.Apply(outer.Text) ?? outer.Text;
            foreach ((AlignedText Text, AddedToken? Token) inner in _normalized.Split(normalized, parseSpecial))
            {
                yield return inner;
            }
        }
    }

    private int[] Content(AddedToken token)
    {
        AlignedText content = AlignedText.From(token.Content);
        return (token.Normalized && _normalizer is not null ? _normalizer.Apply(content) : content).CodePoints.ToArray();
    }
}
