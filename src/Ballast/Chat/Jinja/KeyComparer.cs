using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Hashing and equality of dict keys as in Python; tuples of plain values are the deepest keys taken.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public static readonly KeyComparer Instance = new();

    public new bool Equals(object? x, object? y) => Equality.Same(x, y, null);

    public int GetHashCode(object value) => value switch
    {
        string text => text.GetHashCode(StringComparison.Ordinal),
        bool flag => BigInteger.One.GetHashCode() * (flag ? 1 : 0),
        BigInteger number => number.IsZero ? 0 : number.GetHashCode(),
        double number when Numbers.IsWhole(number) => GetHashCode(new BigInteger(number)),
        double number => number.GetHashCode(),
        TupleValue tuple => HashOf(tuple),
        System.Collections.IEnumerable or DictValue => throw new JinjaException($"unhashable type: '{Values.TypeName(value)}'"),
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value),
    };

    private int HashOf(TupleValue tuple)
    {
        var hash = new HashCode();
        foreach (object? item in tuple.Items)
        {
            hash.Add(item is TupleValue ? throw new JinjaException("a tuple that holds tuples cannot be a key here") : item is null ? 0 : GetHashCode(item));
        }

        return hash.ToHashCode();
    }
}
