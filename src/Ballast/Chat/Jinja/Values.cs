using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>What every Python value has: a type name, truth, a length, items.</summary>
/// <remarks>
/// A value is null (None), bool, BigInteger, double, string, List of values, <see cref="TupleValue"/>, <see cref="DictValue"/>, <see cref="RangeValue"/>,
/// <see cref="Generator"/>, <see cref="NamespaceValue"/>, <see cref="LoopValue"/>, <see cref="CyclerValue"/>, <see cref="Callable"/> or <see cref="Undefined"/>; nothing of the host is ever one.
/// </remarks>
internal static class Values
{
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        List<object?> => "list",
        TupleValue => "tuple",
        DictValue => "dict",
        RangeValue => "range",
        Generator => "generator",
        NamespaceValue => "Namespace",
        LoopValue => "LoopContext",
        CyclerValue => "Cycler",
        Callable => "function",
        _ => "Undefined",
    };

    public static bool Truth(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TupleValue tuple => tuple.Items.Count > 0,
        DictValue dict => dict.Count > 0,
        RangeValue range => range.Count > 0,
        _ => true,
    };

    public static int Length(object? value, Budget budget)
    {
        switch (value)
        {
            case string text:
                budget.Read(text.Length);
                return CodePoints.Count(text);
            case List<object?> list:
                return list.Count;
            case TupleValue tuple:
                return tuple.Items.Count;
            case DictValue dict:
                return dict.Count;
            case RangeValue range:
                return range.Count;
            case LoopValue loop:
                return loop.Length;
            case Undefined:
                return 0;
            default:
                throw new JinjaException($"object of type '{TypeName(value)}' has no len()");
        }
    }

    public static bool IsIterable(object? value) => value is string or List<object?> or TupleValue or DictValue or RangeValue or Generator or LoopValue or Undefined;

    /// <summary>The items of a value as a for loop meets them, each counted as a step.</summary>
    public static IEnumerable<object?> Iterate(object? value, Budget budget)
    {
        IEnumerable<object?> items = value switch
        {
            string text => CodePoints.Split(text),
            List<object?> list => list,
            TupleValue tuple => tuple.Items,
            DictValue dict => dict.Keys,
            RangeValue range => range,
            Generator generator => generator.Rest(),
            LoopValue loop => loop.Rest(),
            Undefined => [],
            _ => throw new JinjaException($"'{TypeName(value)}' object is not iterable"),
        };
        return Counted(items, budget);
    }

    public static List<object?> ToList(object? value, Budget budget) => [.. Iterate(value, budget)];

    private static IEnumerable<object?> Counted(IEnumerable<object?> items, Budget budget)
    {
        using IEnumerator<object?> next = items.GetEnumerator();
        while (true)
        {
            // A generator may draw on a generator and so on, thousands deep.
            Budget.CheckStack();
            if (!next.MoveNext())
            {
                yield break;
            }

            budget.Step(2);
            yield return next.Current;
        }
    }
}
