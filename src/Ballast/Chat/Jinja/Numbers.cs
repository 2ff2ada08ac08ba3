using System.Globalization;
using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Python's numbers: int without bounds (up to <see cref="MaxBits"/>), float, and bool as 0 and 1.</summary>
internal static class Numbers
{
    /// <summary>The longest int a template may make; far above any use, it keeps arithmetic quick.</summary>
    public const int MaxBits = 8192;

    private const int MaxDigits = 2400;

    public static bool IsNumber(object? value) => value is bool or BigInteger or double;

    public static bool IsWhole(double value) => double.IsFinite(value) && Math.Floor(value) == value;

    public static BigInteger? AsInt(object? value) => value switch
    {
        BigInteger number => number,
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    public static double ToDouble(object? value) => value switch
    {
        double number => number,
        _ when AsInt(value) is { } number => Finite((double)number),
        Undefined undefined => throw undefined.Used(),
        _ => throw new JinjaException($"a number is required, not {Values.TypeName(value)}"),
    };

    /// <summary>A position, a count or a width; far outside any text or list it is held at plus or minus a billion.</summary>
    public static int ToIndex(object? value) => value switch
    {
        _ when AsInt(value) is { } number => (int)BigInteger.Clamp(number, -1_000_000_000, 1_000_000_000),
        Undefined undefined => throw undefined.Used(),
        _ => throw new JinjaException($"'{Values.TypeName(value)}' object cannot be interpreted as an integer"),
    };

    public static int? Compare(object? a, object? b)
    {
        if (AsInt(a) is { } x && AsInt(b) is { } y)
        {
            return x.CompareTo(y);
        }

        // Exact where an int meets a float, as in Python.
        if (AsInt(a) is { } whole && b is double right && IsWhole(right))
        {
            return whole.CompareTo(new BigInteger(right));
        }

        if (AsInt(b) is { } other && a is double left && IsWhole(left))
        {
            return new BigInteger(left).CompareTo(other);
        }

        double p = a is double d ? d : (double)AsInt(a)!.Value;
        double q = b is double e ? e : (double)AsInt(b)!.Value;
        return double.IsNaN(p) || double.IsNaN(q) ? null : p.CompareTo(q);
    }

    public static BigInteger Bounded(BigInteger value) =>
        value.GetBitLength() <= MaxBits ? value : throw new JinjaException($"the template makes an integer of more than {MaxBits} bits");

    public static BigInteger FromDouble(double value) => double.IsFinite(value)
        ? new BigInteger(Math.Truncate(value))
        : throw new JinjaException($"cannot convert float {Printer.Float(value)} to integer");

    /// <summary>Python's int(text, base); null where it raises ValueError.</summary>
    public static BigInteger? ParseInt(string text, int radix)
    {
        string digits = CodePoints.Strip(text, null, true, true);
        bool negative = digits.StartsWith('-');
        digits = negative || digits.StartsWith('+') ? digits[1..] : digits;
        string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "" };
        if (prefix.Length > 0 && digits.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[2..].TrimStart('_');
        }

        if (digits.Length is 0 or > MaxDigits || digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal))
        {
            return digits.Length > MaxDigits ? throw new JinjaException($"an integer of more than {MaxDigits} digits") : null;
        }

        var value = BigInteger.Zero;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10 : c == '_' ? -1 : 99;
            if (digit >= radix)
            {
                return null;
            }

            value = digit < 0 ? value : (value * radix) + digit;
        }

        return Bounded(negative ? -value : value);
    }

    /// <summary>Python's float(text); null where it raises ValueError.</summary>
    public static double? ParseFloat(string text)
    {
        string digits = CodePoints.Strip(text, null, true, true);
        string word = digits.TrimStart('+', '-').ToLowerInvariant();
        if (word is "inf" or "infinity" or "nan" && digits.Length - word.Length <= 1)
        {
            return word == "nan" ? double.NaN : digits.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(digits.Replace("_", "", StringComparison.Ordinal), Style, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : throw new JinjaException("an integer is too large to convert to float");
}
