using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>What may follow "is": x is defined, x is divisibleby 3.</summary>
internal static class Tests
{
    public delegate bool Test(object? value, Arguments arguments, Budget budget);

    private static readonly Dictionary<string, Test> s_tests = new(StringComparer.Ordinal)
    {
        ["boolean"] = (value, _, _) => value is bool,
        ["callable"] = (value, _, _) => value is Callable or LoopValue,
        ["defined"] = (value, _, _) => value is not Undefined,
        ["divisibleby"] = (value, args, budget) => Numbers.Compare(Operators.Apply("%", value, Only(args), budget), BigInteger.Zero) == 0,
        ["eq"] = (value, args, budget) => Equality.Same(value, Only(args), budget),
        ["escaped"] = (_, _, _) => false,
        ["even"] = (value, _, budget) => Numbers.Compare(Operators.Apply("%", value, new BigInteger(2), budget), BigInteger.Zero) == 0,
        ["false"] = (value, _, _) => value is false,
        ["filter"] = (value, _, _) => value is string name && Filters.Find(name) is not null,
        ["float"] = (value, _, _) => value is double,
        ["ge"] = (value, args, budget) => Equality.Order(value, Only(args), budget) >= 0,
        ["gt"] = (value, args, budget) => Equality.Order(value, Only(args), budget) > 0,
        ["in"] = (value, args, budget) => Equality.Contains(Only(args), value, budget),
        ["integer"] = (value, _, _) => value is BigInteger,
        ["iterable"] = (value, _, _) => Values.IsIterable(value),
        ["le"] = (value, args, budget) => Equality.Order(value, Only(args), budget) <= 0,
        ["lower"] = (value, _, budget) => IsCase(Printer.Text(value, budget), "islower", budget),
        ["lt"] = (value, args, budget) => Equality.Order(value, Only(args), budget) < 0,
        ["mapping"] = (value, _, _) => value is DictValue,
        ["ne"] = (value, args, budget) => !Equality.Same(value, Only(args), budget),
        ["none"] = (value, _, _) => value is null,
        ["number"] = (value, _, _) => Numbers.IsNumber(value),
        ["odd"] = (value, _, budget) => Numbers.Compare(Operators.Apply("%", value, new BigInteger(2), budget), BigInteger.One) == 0,
        ["sameas"] = (value, args, _) => Equality.Identical(value, Only(args)),
        ["sequence"] = (value, _, _) => value is string or List<object?> or TupleValue or DictValue or RangeValue or Undefined,
        ["string"] = (value, _, _) => value is string,
        ["test"] = (value, _, _) => value is string name && Find(name) is not null,
        ["true"] = (value, _, _) => value is true,
        ["undefined"] = (value, _, _) => value is Undefined,
        ["upper"] = (value, _, budget) => IsCase(Printer.Text(value, budget), "isupper", budget),
    };

    public static Test? Find(string name) => s_tests.GetValueOrDefault(name switch
    {
        "==" or "equalto" => "eq",
        "!=" => "ne",
        ">" or "greaterthan" => "gt",
        ">=" => "ge",
        "<" or "lessthan" => "lt",
        "<=" => "le",
        _ => name,
    });

    private static object? Only(Arguments arguments) => arguments.Bind("the test", 1, "other")[0];

    private static bool IsCase(string text, string method, Budget budget) => (bool)StringMethods.Find(text, method, budget)!.Body(Arguments.None)!;
}
