namespace Ballast.Chat.Jinja;

/// <summary>The functions every chat template can call.</summary>
internal static class Globals
{
    private const int MaxRange = 100_000;

    public static Scope Create(DateTimeOffset now)
    {
        var scope = new Scope(null);
        Add("range", Range);
        Add("dict", args =>
        {
            var dict = new DictValue();
            Fill(args, "dict", dict.Set);
            return dict;
        });
        Add("namespace", args =>
        {
            var space = new NamespaceValue();
            Fill(args, "namespace", (key, value) => space.Attributes[key as string ?? throw new JinjaException("namespace: names must be strings")] = value);
            return space;
        });
        Add("joiner", args =>
        {
            string separator = args.Bind("joiner", 0, "sep").Text(0, ", ");
            bool used = false;
            return new Callable("joiner", _ =>
            {
                string text = used ? separator : "";
                used = true;
                return text;
            });
        });
        Add("cycler", args => args.Positional.Count > 0 ? new CyclerValue(args.Positional) : throw new JinjaException("cycler: at least one item has to be provided"));
        Add("lipsum", _ => throw new JinjaException("lipsum makes random text, which a chat template must not"));
        Add("raise_exception", args => throw new RaisedByTemplateException(Printer.Text(args.Bind("raise_exception", 1, "message")[0], new Budget())));
        Add("strftime_now", args => Strftime.Format(now, args.Bind("strftime_now", 1, "format").Text(0)));
        return scope;

        void Add(string name, Func<Arguments, object?> body) => scope.Set(name, new Callable(name, body));
    }

    private static object? Range(Arguments arguments)
    {
        BoundArguments args = arguments.Bind("range", 1, "start", "stop", "step");
        var range = new RangeValue(args.Has(1) ? args.Number(0) : 0, args.Has(1) ? args.Number(1) : args.Number(0), args.Number(2, 1));
        return range.Step == 0 ? throw new JinjaException("range() arg 3 must not be zero")
            : range.Count > MaxRange ? throw new JinjaException($"Range too big. The sandbox blocks ranges larger than {MaxRange}.")
            : range;
    }

    // dict and namespace take mappings, lists of pairs and keywords.
    private static void Fill(Arguments arguments, string function, Action<object?, object?> set)
    {
        var budget = new Budget();
        foreach (object? source in arguments.Positional)
        {
            IEnumerable<object?> pairs = source is DictValue dict ? Members.Pairs(dict) : Values.Iterate(source, budget);
            foreach (object? pair in pairs)
            {
                List<object?> items = Values.ToList(pair, budget);
                set(items.Count == 2 ? items[0] : throw new JinjaException($"{function}() expects pairs"), items[1]);
            }
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            set(name, value);
        }
    }
}
