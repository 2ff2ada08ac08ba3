using System.Collections;
using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>A Python tuple; the pairs of groupby also name their two items.</summary>
internal sealed record TupleValue(IReadOnlyList<object?> Items, bool IsGroup = false);

/// <summary>A Python dict: keys in the order they were added, equal as in Python (1, 1.0 and True are one key).</summary>
internal sealed class DictValue
{
    private static readonly object s_none = new();
    private readonly OrderedDictionary<object, object?> _items = new(KeyComparer.Instance);

    public int Count => _items.Count;

    public IEnumerable<object?> Keys => _items.Keys.Select(Outer);

    public IEnumerable<object?> ItemValues => _items.Values;

    public IEnumerable<KeyValuePair<object?, object?>> Items => _items.Select(item => KeyValuePair.Create(Outer(item.Key), item.Value));

    public void Set(object? key, object? value) => _items[Inner(key)] = value;

    public bool TryGet(object? key, out object? value) => _items.TryGetValue(Inner(key), out value);

    private static object Inner(object? key) => key ?? s_none;

    private static object? Outer(object key) => ReferenceEquals(key, s_none) ? null : key;
}

/// <summary>Python's range(start, stop, step); the step is not 0.</summary>
internal sealed record RangeValue(long Start, long Stop, long Step) : IEnumerable<object?>
{
    public int Count => (int)Math.Clamp(Step > 0 ? (Stop - Start + Step - 1) / Step : (Start - Stop - Step - 1) / -Step, 0, int.MaxValue);

    public object At(int index) => new BigInteger(Start + (index * Step));

    public IEnumerator<object?> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return At(i);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>What filters such as map and select give: items that can be gone through once.</summary>
internal sealed class Generator(IEnumerable<object?> items) : IDisposable
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    public IEnumerable<object?> Rest()
    {
        while (_items.MoveNext())
        {
            yield return _items.Current;
        }
    }

    public void Dispose() => _items.Dispose();
}

/// <summary>What namespace(...) makes: the one thing whose attributes a template can set.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A function, method or macro as a template sees it.</summary>
internal sealed record Callable(string Name, Func<Arguments, object?> Body);
