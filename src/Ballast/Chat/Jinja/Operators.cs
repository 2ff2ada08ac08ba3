using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Python's arithmetic on values.</summary>
internal static class Operators
{
    public static object? Apply(string op, object? a, object? b, Budget budget)
    {
        budget.Step();
        if (Numbers.IsNumber(a) && Numbers.IsNumber(b))
        {
            return Numbers.AsInt(a) is { } x && Numbers.AsInt(b) is { } y && op != "/" ? OfIntegers(op, x, y) : OfFloats(op, Numbers.ToDouble(a), Numbers.ToDouble(b));
        }

        switch (op, a, b)
        {
            case ("%", string format, _):
                return PercentFormat.Format(format, b, budget);
            case (_, Undefined undefined, _):
                throw undefined.Used();
            case (_, _, Undefined undefined):
                throw undefined.Used();
            case ("+", string x, string y):
                budget.Make((long)x.Length + y.Length);
                return x + y;
            case ("+", List<object?> x, List<object?> y):
                budget.Step((long)x.Count + y.Count);
                return new List<object?>([.. x, .. y]);
            case ("+", TupleValue x, TupleValue y):
                budget.Step((long)x.Items.Count + y.Items.Count);
                return new TupleValue([.. x.Items, .. y.Items]);
            case ("*", string or List<object?> or TupleValue, _) when Numbers.AsInt(b) is not null:
                return Repeat(a, Numbers.ToIndex(b), budget);
            case ("*", _, string or List<object?> or TupleValue) when Numbers.AsInt(a) is not null:
                return Repeat(b, Numbers.ToIndex(a), budget);
            case ("+", string, _):
                throw new JinjaException($"can only concatenate str (not \"{Values.TypeName(b)}\") to str");
            default:
                throw new JinjaException($"unsupported operand types for {op}: '{Values.TypeName(a)}' and '{Values.TypeName(b)}'");
        }
    }

    public static object? Negate(object? value) => value switch
    {
        double number => -number,
        _ when Numbers.AsInt(value) is { } number => -number,
        Undefined undefined => throw undefined.Used(),
        _ => throw new JinjaException($"bad operand type for unary -: '{Values.TypeName(value)}'"),
    };

    private static object? Repeat(object? value, int count, Budget budget)
    {
        count = Math.Max(count, 0);
        if (value is string text)
        {
            return text.Length == 0 ? "" : StringMethods.Fill(count, text, budget);
        }

        IReadOnlyList<object?> items = value is TupleValue tuple ? tuple.Items : (List<object?>)value!;
        budget.Step((long)items.Count * count);
        var repeated = new List<object?>();
        for (int i = 0; i < count && items.Count > 0; i++)
        {
            repeated.AddRange(items);
        }

        return value is TupleValue ? new TupleValue(repeated) : repeated;
    }

    private static object OfIntegers(string op, BigInteger x, BigInteger y) => op switch
    {
        "+" => Numbers.Bounded(x + y),
        "-" => Numbers.Bounded(x - y),
        "*" => Numbers.Bounded(x * y),
        "//" => FloorDivide(x, y),
        "%" => x - (FloorDivide(x, y) * y),
        _ => Power(x, y),
    };

    private static BigInteger FloorDivide(BigInteger x, BigInteger y)
    {
        if (y.IsZero)
        {
            throw DividedByZero();
        }

        var quotient = BigInteger.DivRem(x, y, out BigInteger remainder);
        return remainder.Sign * y.Sign < 0 ? quotient - 1 : quotient;
    }

    private static object Power(BigInteger x, BigInteger y)
    {
        if (y.Sign < 0)
        {
            return OfFloats("**", Numbers.ToDouble(x), Numbers.ToDouble(y));
        }

        if (BigInteger.Abs(x) <= 1)
        {
            return y.IsZero ? BigInteger.One : x.Sign < 0 && y.IsEven ? BigInteger.One : x;
        }

        long bits = y > Numbers.MaxBits ? long.MaxValue : ((long)BigInteger.Abs(x).GetBitLength() - 1) * (long)y;
        return bits > Numbers.MaxBits ? throw new JinjaException($"the template makes an integer of more than {Numbers.MaxBits} bits") : Numbers.Bounded(BigInteger.Pow(x, (int)y));
    }

    private static double OfFloats(string op, double x, double y)
    {
        switch (op)
        {
            case "+": return x + y;
            case "-": return x - y;
            case "*": return x * y;
            case "**":
                double power = Math.Pow(x, y);
                return x == 0 && y < 0 ? throw DividedByZero() : double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y) ? throw new JinjaException("the result is too large for a float") : power;
            case "/": return y == 0 ? throw DividedByZero() : x / y;
        }

        if (y == 0)
        {
            throw DividedByZero();
        }

        double remainder = x % y;
        remainder = remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
        return op == "%" ? remainder : Math.Floor((x - remainder) / y + 0.5);
    }

    private static JinjaException DividedByZero() => new("division by zero");
}
