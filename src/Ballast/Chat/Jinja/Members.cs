using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>x.y, x[y] and x[a:b:c] on Python values. Attributes are looked up in fixed tables; no object of the host is ever reached.</summary>
internal static class Members
{
    /// <summary>Stands for an attribute that does not exist.</summary>
    public static readonly object Absent = new();

    private static readonly HashSet<string> s_listMutators = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];
    private static readonly HashSet<string> s_dictMutators = ["clear", "pop", "popitem", "setdefault", "update"];

    /// <summary>x.name: the attribute first, then the key.</summary>
    public static object? Attribute(object? owner, string name, Budget budget) =>
        owner is Undefined undefined ? throw undefined.Used()
        : TryAttribute(owner, name, budget, out object? value) ? value
        : owner is DictValue dict && dict.TryGet(name, out value) ? value
        : Undefined.Member(owner, name);

    /// <summary>x[key]: the item first, then the attribute. What does not exist is undefined.</summary>
    public static object? Item(object? owner, object? key, Budget budget)
    {
        switch (owner)
        {
            case Undefined undefined:
                throw undefined.Used();
            case DictValue dict when key is not (List<object?> or DictValue or Undefined) && dict.TryGet(key, out object? value):
                return value;
            case string text when Numbers.AsInt(key) is not null:
                budget.Read(text.Length);
                return CodePoints.AreUnits(text) ? At(text.Length, key) is { } unit ? text[unit].ToString() : Undefined.Member(owner, key)
                    : CodePoints.Starts(text) is var starts && At(starts.Count - 1, key) is { } at ? text[starts[at]..starts[at + 1]] : Undefined.Member(owner, key);
            case List<object?> list when Numbers.AsInt(key) is not null:
                return At(list.Count, key) is { } index ? list[index] : Undefined.Member(owner, key);
            case TupleValue tuple when Numbers.AsInt(key) is not null:
                return At(tuple.Items.Count, key) is { } place ? tuple.Items[place] : Undefined.Member(owner, key);
            case RangeValue range when Numbers.AsInt(key) is not null:
                return At(range.Count, key) is { } turn ? range.At(turn) : Undefined.Member(owner, key);
            default:
                return key is string name && TryAttribute(owner, name, budget, out object? member) ? member : Undefined.Member(owner, key);
        }
    }

    public static object? Slice(object? owner, object? start, object? stop, object? step, Budget budget)
    {
        int by = step is null ? 1 : Numbers.ToIndex(step);
        if (by == 0)
        {
            throw new JinjaException("slice step cannot be zero");
        }

        switch (owner)
        {
            case string text:
                return SliceText(text, start, stop, by, budget);
            case List<object?> list:
                return Pick(list, start, stop, by, budget);
            case TupleValue tuple:
                return new TupleValue(Pick(tuple.Items, start, stop, by, budget));
            case RangeValue range:
                return Pick([.. range], start, stop, by, budget);
            case Undefined undefined:
                throw undefined.Used();
            default:
                throw new JinjaException($"'{Values.TypeName(owner)}' object is not subscriptable");
        }
    }

    private static string SliceText(string text, object? start, object? stop, int by, Budget budget)
    {
        budget.Read(text.Length);
        bool units = CodePoints.AreUnits(text);
        List<int>? starts = units ? null : CodePoints.Starts(text);
        (int from, int to) = Bounds(starts is null ? text.Length : starts.Count - 1, start, stop, by);
        if (by == 1)
        {
            return from >= to ? "" : starts is null ? text[from..to] : text[starts[from]..starts[to]];
        }

        var picked = new System.Text.StringBuilder();
        for (long at = from; by > 0 ? at < to : at > to; at += by)
        {
            budget.Step();
            picked.Append(starts is null ? text.AsSpan((int)at, 1) : text.AsSpan(starts[(int)at], starts[(int)at + 1] - starts[(int)at]));
        }

        return picked.ToString();
    }

    private static List<object?> Pick(IReadOnlyList<object?> items, object? start, object? stop, int by, Budget budget)
    {
        (int from, int to) = Bounds(items.Count, start, stop, by);
        var picked = new List<object?>();
        for (long at = from; by > 0 ? at < to : at > to; at += by)
        {
            budget.Step();
            picked.Add(items[(int)at]);
        }

        return picked;
    }

    private static (int From, int To) Bounds(int length, object? start, object? stop, int by)
    {
        int low = by > 0 ? 0 : -1;
        int high = by > 0 ? length : length - 1;
        return (Bound(start, by > 0 ? low : high), Bound(stop, by > 0 ? high : low));

        int Bound(object? value, int missing)
        {
            if (value is null)
            {
                return missing;
            }

            int index = Numbers.ToIndex(value);
            return Math.Clamp(index < 0 ? index + length : index, low, high);
        }
    }

    private static int? At(int length, object? key)
    {
        int index = Numbers.ToIndex(key);
        index = index < 0 ? index + length : index;
        return index >= 0 && index < length ? index : null;
    }

    private static bool TryAttribute(object? owner, string name, Budget budget, out object? value)
    {
        value = name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) ? Undefined.Unsafe(owner, name) : owner switch
        {
            string text => StringMethods.Find(text, name, budget) ?? Absent,
            List<object?> when s_listMutators.Contains(name) => Undefined.Unsafe(owner, name),
            DictValue when s_dictMutators.Contains(name) => Undefined.Unsafe(owner, name),
            List<object?> list => SequenceMethod(list, name, budget) ?? Absent,
            TupleValue { IsGroup: true } group when name is "grouper" or "list" => group.Items[name == "grouper" ? 0 : 1],
            TupleValue tuple => SequenceMethod(tuple.Items, name, budget) ?? Absent,
            DictValue dict => DictMethod(dict, name) ?? Absent,
            NamespaceValue space => space.Attributes.GetValueOrDefault(name, Absent),
            LoopValue loop => loop.Attribute(name),
            CyclerValue cycler => cycler.Attribute(name),
            _ => Absent,
        };
        return !ReferenceEquals(value, Absent);
    }

    private static Callable? SequenceMethod(IReadOnlyList<object?> items, string name, Budget budget) => name switch
    {
        "count" => new Callable(name, args => new BigInteger(items.Count(item => Equality.Same(item, args.Bind(name, 1, "value")[0], budget)))),
        "index" => new Callable(name, args =>
        {
            int at = items.ToList().FindIndex(item => Equality.Same(item, args.Bind(name, 1, "value")[0], budget));
            return at >= 0 ? new BigInteger(at) : throw new JinjaException("the value is not in the list");
        }),
        "copy" => new Callable(name, _ => items.ToList()),
        _ => null,
    };

    private static Callable? DictMethod(DictValue dict, string name) => name switch
    {
        "get" => new Callable(name, args => args.Bind(name, 1, "key", "default") is var bound && dict.TryGet(bound[0], out object? found) ? found : bound.Or(1, null)),
        "items" => new Callable(name, _ => Pairs(dict)),
        "keys" => new Callable(name, _ => dict.Keys.ToList()),
        "values" => new Callable(name, _ => dict.ItemValues.ToList()),
        "copy" => new Callable(name, _ => dict),
        _ => null,
    };

    public static List<object?> Pairs(DictValue dict) => [.. dict.Items.Select(item => (object?)new TupleValue([item.Key, item.Value]))];
}
