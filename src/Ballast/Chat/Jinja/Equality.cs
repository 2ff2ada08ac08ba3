using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Python's ==, the ordering of comparable values, and membership.</summary>
internal static class Equality
{
    /// <summary>Python's ==. The budget counts the values visited; without one only plain values and flat tuples may come.</summary>
    public static bool Same(object? a, object? b, Budget? budget)
    {
        if (ReferenceEquals(a, b))
        {
            return a is not double.NaN;
        }

        if (Numbers.IsNumber(a) && Numbers.IsNumber(b))
        {
            return Numbers.Compare(a, b) == 0;
        }

        budget?.Step();
        Budget.CheckStack();
        return (a, b) switch
        {
            (string x, string y) => string.Equals(x, y, StringComparison.Ordinal),
            (List<object?> x, List<object?> y) => SameItems(x, y, budget),
            (TupleValue x, TupleValue y) => SameItems(x.Items, y.Items, budget),
            (DictValue x, DictValue y) => x.Count == y.Count && x.Items.All(item => y.TryGet(item.Key, out object? other) && Same(item.Value, other, budget)),
            (RangeValue x, RangeValue y) => x.SequenceEqual(y),
            (Undefined, Undefined) => true,
            _ => false,
        };
    }

    private static bool SameItems(IReadOnlyList<object?> a, IReadOnlyList<object?> b, Budget? budget)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (int i = 0; i < a.Count; i++)
        {
            if (!Same(a[i], b[i], budget))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Negative, zero or positive; null when one of two numbers is not a number (NaN).</summary>
    public static int? Order(object? a, object? b, Budget budget)
    {
        budget.Step();
        Budget.CheckStack();
        if (Numbers.IsNumber(a) && Numbers.IsNumber(b))
        {
            return Numbers.Compare(a, b);
        }

        return (a, b) switch
        {
            (string x, string y) => CodePoints.Compare(x, y),
            (List<object?> x, List<object?> y) => OrderItems(x, y, budget),
            (TupleValue x, TupleValue y) => OrderItems(x.Items, y.Items, budget),
            (Undefined x, _) => throw x.Used(),
            (_, Undefined y) => throw y.Used(),
            _ => throw new JinjaException($"values of type '{Values.TypeName(a)}' and '{Values.TypeName(b)}' cannot be ordered"),
        };
    }

    private static int? OrderItems(IReadOnlyList<object?> a, IReadOnlyList<object?> b, Budget budget)
    {
        for (int i = 0; i < a.Count && i < b.Count; i++)
        {
            if (!Same(a[i], b[i], budget))
            {
                return Order(a[i], b[i], budget);
            }
        }

        return a.Count.CompareTo(b.Count);
    }

    /// <summary>A stable sort; items must be comparable with each other.</summary>
    public static List<object?> Sort(IEnumerable<object?> items, Func<object?, object?> key, bool descending, Budget budget)
    {
        var comparer = Comparer<object?>.Create((a, b) => Order(a, b, budget) ?? 0);
        try
        {
            return [.. descending ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer)];
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaException inner)
        {
            throw inner;
        }
    }

    public static bool Contains(object? container, object? item, Budget budget)
    {
        switch (container)
        {
            case string text:
                budget.Read(text.Length);
                return text.Contains(item as string ?? throw new JinjaException($"'in <string>' requires string as left operand, not {Values.TypeName(item)}"), StringComparison.Ordinal);
            case DictValue dict:
                return dict.TryGet(item, out _);
            case CyclerValue or NamespaceValue or Callable or null or bool or BigInteger or double:
                throw new JinjaException($"argument of type '{Values.TypeName(container)}' is not iterable");
            default:
                return Values.Iterate(container, budget).Any(other => Same(other, item, budget));
        }
    }

    /// <summary>Python's "is": the same object, or equal plain values of the same type.</summary>
    public static bool Identical(object? a, object? b) =>
        ReferenceEquals(a, b) || (a is bool or BigInteger or string && a.GetType() == b?.GetType() && a.Equals(b));
}
