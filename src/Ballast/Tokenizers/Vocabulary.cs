namespace Ballast.Tokenizers;

/// <summary>Token texts and their ids, both ways.</summary>
internal sealed class Vocabulary
{
    /// <summary>Ids from here on are refused: no model has so many rows, and a hostile file could ask for any amount of memory.</summary>
    public const int MaxId = 1 << 24;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _texts = [];

    public int Count => _ids.Count;

    /// <summary>The largest id, or -1.</summary>
    public int LargestId { get; private set; } = -1;

    public IEnumerable<KeyValuePair<string, int>> Tokens => _ids;

    public void Add(string file, string text, int id)
    {
        if (id is < 0 or >= MaxId)
        {
            throw new TokenizerException($"{file}: the token \"{text}\" has the id {id}; expected 0 to {MaxId - 1}");
        }

        if (!_ids.TryAdd(text, id))
        {
            throw new TokenizerException($"{file}: the token \"{text}\" is listed twice (ids {_ids[text]} and {id})");
        }

        if (!_texts.TryAdd(id, text))
        {
            throw new TokenizerException($"{file}: the id {id} is given to two tokens, \"{_texts[id]}\" and \"{text}\"");
        }

        LargestId = Math.Max(LargestId, id);
    }

    public int? Id(string text) => _ids.TryGetValue(text, out int id) ? id : null;

    public int? Id(ReadOnlySpan<char> text) => _ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out int id) ? id : null;

    public string? Text(int id) => _texts.GetValueOrDefault(id);
}
