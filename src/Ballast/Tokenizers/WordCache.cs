using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Ballast.Tokenizers;

/// <summary>The tokens of short words seen so far; safe for concurrent use, full at a fixed size.</summary>
internal sealed class WordCache
{
    private const int Capacity = 1 << 16;
    private readonly ConcurrentDictionary<string, WordToken[]> _words;
    private readonly ConcurrentDictionary<string, WordToken[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    public WordCache()
    {
        _words = new(StringComparer.Ordinal);
        _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public bool TryFind(ReadOnlySpan<char> word, [NotNullWhen(true)] out WordToken[]? tokens) => _lookup.TryGetValue(word, out tokens);

    public void Add(ReadOnlySpan<char> word, WordToken[] tokens)
    {
        if (Volatile.Read(ref _count) < Capacity && _lookup.TryAdd(word, tokens))
        {
            Interlocked.Increment(ref _count);
        }
    }
}
