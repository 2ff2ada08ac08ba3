using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Filters that take a sequence as a whole: its length, order, ends, groups.</summary>
internal static class SequenceFilters
{
    public static readonly IReadOnlyList<KeyValuePair<string, Filters.Filter>> All =
    [
        new("batch", Batch),
        new("count", (value, _, budget) => new BigInteger(Values.Length(value, budget))),
        new("dictsort", DictSort),
        new("first", (value, _, budget) => Values.Iterate(value, budget).FirstOrDefault(new Undefined("No first item, sequence was empty."))),
        new("groupby", GroupBy),
        new("items", (value, _, _) => value switch
        {
            Undefined => new Generator([]),
            DictValue dict => new Generator(Members.Pairs(dict)),
            _ => throw new JinjaException("Can only get item pairs from a mapping."),
        }),
        new("join", Join),
        new("last", (value, _, budget) => Ordered(value, budget) is { Count: > 0 } items ? items[^1] : new Undefined("No last item, sequence was empty.")),
        new("length", (value, _, budget) => new BigInteger(Values.Length(value, budget))),
        new("list", (value, _, budget) => Values.ToList(value, budget)),
        new("max", (value, args, budget) => Extreme(value, args, budget, highest: true)),
        new("min", (value, args, budget) => Extreme(value, args, budget, highest: false)),
        new("reverse", (value, _, budget) => value is string text ? Reversed(text, budget) : new Generator(Enumerable.Reverse(Values.ToList(value, budget)))),
        new("slice", Slice),
        new("sort", Sort),
        new("sum", Sum),
        new("unique", Unique),
    ];

    private static string Reversed(string text, Budget budget)
    {
        budget.Make(text.Length);
        return CodePoints.Reverse(text);
    }

    private static List<object?> Ordered(object? value, Budget budget) =>
        value is Generator ? throw new JinjaException("'generator' object is not reversible") : Values.ToList(value, budget);

    private static Generator Batch(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = args.Number(0) is var given && given > 0 ? given : throw new JinjaException("batch: the line count must be at least 1");
        var batches = new List<List<object?>>();
        foreach (object? item in Values.Iterate(value, budget))
        {
            if (batches.Count == 0 || batches[^1].Count == size)
            {
                batches.Add([]);
            }

            batches[^1].Add(item);
        }

        if (args.Or(1, null) is { } fill && batches.Count > 0)
        {
            budget.Step(size - batches[^1].Count);
            batches[^1].AddRange(Enumerable.Repeat(fill, size - batches[^1].Count));
        }

        return new Generator(batches);
    }

    private static Generator Slice(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("slice", 1, "slices", "fill_with");
        List<object?> items = Values.ToList(value, budget);
        int count = args.Number(0) is var given && given > 0 ? given : throw new JinjaException("slice: the number of slices must be at least 1");
        budget.Step(count);
        var slices = new List<object?>(count);
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            int size = (items.Count / count) + (i < items.Count % count ? 1 : 0);
            List<object?> slice = items.GetRange(at, size);
            at += size;
            if (args.Or(1, null) is { } fill && i >= items.Count % count && items.Count % count != 0)
            {
                slice.Add(fill);
            }

            slices.Add(slice);
        }

        return new Generator(slices);
    }

    private static string Join(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("join", 0, "d", "attribute");
        Func<object?, object?> get = SelectionFilters.Getter(args.Or(1, null), null, budget);
        return StringMethods.Join(Printer.Text(args.Or(0, ""), budget), new Generator(Values.Iterate(value, budget).Select(item => (object?)Printer.Text(get(item), budget))), budget);
    }

    private static object? Extreme(object? value, Arguments arguments, Budget budget, bool highest)
    {
        BoundArguments args = arguments.Bind(highest ? "max" : "min", 0, "case_sensitive", "attribute");
        Func<object?, object?> key = Key(args.Or(1, null), args.Flag(0, false), budget);
        object? best = BoundArguments.Missing;
        foreach (object? item in Values.Iterate(value, budget))
        {
            if (ReferenceEquals(best, BoundArguments.Missing) || (Equality.Order(key(item), key(best), budget) is { } order && (highest ? order > 0 : order < 0)))
            {
                best = item;
            }
        }

        return ReferenceEquals(best, BoundArguments.Missing) ? new Undefined("No aggregated item, sequence was empty.") : best;
    }

    private static List<object?> Sort(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        Func<object?, object?>[] keys = args.Or(2, null) is string { } names
            ? [.. names.Split(',').Select(name => Key(name.Trim(), args.Flag(1, false), budget))]
            : [Key(args.Or(2, null), args.Flag(1, false), budget)];
        return Equality.Sort(Values.Iterate(value, budget), item => new TupleValue([.. keys.Select(key => key(item))]), args.Flag(0, false), budget);
    }

    private static List<object?> DictSort(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        int at = args.Text(1, "key") switch { "key" => 0, "value" => 1, _ => throw new JinjaException("You can only sort by either \"key\" or \"value\"") };
        Func<object?, object?> key = Key(null, args.Flag(0, false), budget);
        return value is DictValue dict
            ? Equality.Sort(Members.Pairs(dict), pair => key(((TupleValue)pair!).Items[at]), args.Flag(2, false), budget)
            : throw new JinjaException($"dictsort expects a mapping, got {Values.TypeName(value)}");
    }

    private static List<object?> GroupBy(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        Func<object?, object?> plain = SelectionFilters.Getter(args[0], args.Or(1, null), budget);
        Func<object?, object?> fold = Key(null, args.Flag(2, false), budget);
        var groups = new List<object?>();
        List<object?>? members = null;
        object? last = null;
        foreach (object? item in Equality.Sort(Values.Iterate(value, budget), item => fold(plain(item)), false, budget))
        {
            object? key = plain(item);
            if (members is null || !Equality.Same(fold(key), last, budget))
            {
                members = [];
                last = fold(key);
                groups.Add(new TupleValue([key, members], IsGroup: true));
            }

            members.Add(item);
        }

        return groups;
    }

    private static object? Sum(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("sum", 0, "attribute", "start");
        Func<object?, object?> get = SelectionFilters.Getter(args.Or(0, null), null, budget);
        return Values.Iterate(value, budget).Aggregate(args.Or(1, BigInteger.Zero), (total, item) => Operators.Apply("+", total, get(item), budget));
    }

    private static Generator Unique(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        Func<object?, object?> key = Key(args.Or(1, null), args.Flag(0, false), budget);
        var seen = new DictValue();
        var kept = new List<object?>();
        foreach (object? item in Values.Iterate(value, budget))
        {
            object? folded = key(item);
            if (!seen.TryGet(folded, out _))
            {
                seen.Set(folded, null);
                kept.Add(item);
            }
        }

        return new Generator(kept);
    }

    private static Func<object?, object?> Key(object? attribute, bool caseSensitive, Budget budget)
    {
        Func<object?, object?> get = SelectionFilters.Getter(attribute, null, budget);
        return item => get(item) is var value && value is string text && !caseSensitive ? CaseMapping.Lower(text) : value;
    }
}
