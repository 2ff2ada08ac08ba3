namespace Ballast.Tokenizers;

/// <summary>A token of a word: [Start, End) in code points of the word.</summary>
internal readonly record struct WordToken(int Id, int Start, int End);

/// <summary>Merges the symbols of one word; candidates wait in a heap, so that a whole text as one word costs n log n.</summary>
internal sealed class MergeRun
{
    private readonly MergeTable _merges;
    private readonly List<WordToken> _symbols;
    private readonly int[] _previous;
    private readonly int[] _next;
    private readonly PriorityQueue<(int Left, int Id), long> _candidates = new();

    public MergeRun(MergeTable merges, List<WordToken> symbols)
    {
        _merges = merges;
        _symbols = symbols;
        _previous = [.. Enumerable.Range(-1, symbols.Count)];
        _next = [.. Enumerable.Range(1, symbols.Count)];
    }

    public WordToken[] Run()
    {
        for (int left = 0; left < _symbols.Count - 1; left++)
        {
            Consider(left);
        }

        while (_candidates.TryDequeue(out (int Left, int Id) candidate, out _))
        {
            Apply(candidate.Left, candidate.Id);
        }

        return [.. _symbols.Where(s => s.Id >= 0)];
    }

    private void Consider(int left)
    {
        if (left >= 0 && _next[left] < _symbols.Count && _merges.TryFind(_symbols[left].Id, _symbols[_next[left]].Id, out (int Rank, int Id) merge))
        {
            _candidates.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
        }
    }

    /// <summary>Merges a symbol with the one after it, unless either has changed since.</summary>
    private void Apply(int left, int id)
    {
        int right = _next[left];
        if (_symbols[left].Id < 0 || right >= _symbols.Count
            || !_merges.TryFind(_symbols[left].Id, _symbols[right].Id, out (int Rank, int Id) merge) || merge.Id != id)
        {
            return;
        }

        _symbols[left] = new(id, _symbols[left].Start, _symbols[right].End);
        _symbols[right] = _symbols[right] with { Id = -1 };
        _next[left] = _next[right];
        if (_next[right] < _symbols.Count)
        {
            _previous[_next[right]] = left;
        }

        Consider(_previous[left]);
        Consider(left);
    }
}
