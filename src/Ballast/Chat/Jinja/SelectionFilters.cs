using System.Globalization;
using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>map, select, reject and their forms with an attribute.</summary>
internal static class SelectionFilters
{
    public static readonly IReadOnlyList<KeyValuePair<string, Filters.Filter>> All =
    [
        new("map", Map),
        new("select", (value, args, budget) => Select(value, args, budget, keep: true, byAttribute: false)),
        new("reject", (value, args, budget) => Select(value, args, budget, keep: false, byAttribute: false)),
        new("selectattr", (value, args, budget) => Select(value, args, budget, keep: true, byAttribute: true)),
        new("rejectattr", (value, args, budget) => Select(value, args, budget, keep: false, byAttribute: true)),
    ];

    /// <summary>What takes an attribute such as "function.name" or "0" from an item; the item itself when there is no attribute.</summary>
    public static Func<object?, object?> Getter(object? attribute, object? fallback, Budget budget)
    {
        object?[] parts = attribute switch
        {
            null => [],
            string path => [.. path.Split('.').Select(part => part.Length > 0 && part.All(char.IsAsciiDigit) && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                ? new BigInteger(index) : (object?)part)],
            _ => [attribute],
        };
        return item =>
        {
            foreach (object? part in parts)
            {
                budget.Step();
                item = Members.Item(item, part, budget) is var found && found is Undefined && fallback is not null ? fallback : found;
            }

            return item;
        };
    }

    private static Generator Map(object? value, Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count == 0)
        {
            BoundArguments args = arguments.Bind("map", 0, "attribute", "default");
            Func<object?, object?> get = args.Has(0) ? Getter(args[0], args.Or(1, null), budget) : throw new JinjaException("map requires a filter argument");
            return new Generator(Values.Iterate(value, budget).Select(get));
        }

        string name = arguments.Positional[0] as string ?? throw new JinjaException("map requires the name of a filter");
        Filters.Filter filter = Filters.Find(name) ?? throw new JinjaException($"No filter named '{name}'.");
        Arguments rest = arguments.Rest();
        return new Generator(Values.Iterate(value, budget).Select(item => filter(item, rest, budget)));
    }

    private static Generator Select(object? value, Arguments arguments, Budget budget, bool keep, bool byAttribute)
    {
        Func<object?, object?> get = item => item;
        if (byAttribute)
        {
            get = Getter(arguments.Positional.Count > 0 ? arguments.Positional[0] : throw new JinjaException("Missing parameter for attribute name"), null, budget);
            arguments = arguments.Rest();
        }

        Func<object?, bool> test = Values.Truth;
        if (arguments.Positional.Count > 0)
        {
            string name = arguments.Positional[0] as string ?? throw new JinjaException("the name of a test is expected");
            Tests.Test named = Tests.Find(name) ?? throw new JinjaException($"No test named '{name}'.");
            Arguments rest = arguments.Rest();
            test = item => named(item, rest, budget);
        }

        return new Generator(Values.Iterate(value, budget).Where(item => test(get(item)) == keep));
    }
}
