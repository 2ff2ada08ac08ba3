using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Python's 'text %s' % values.</summary>
internal static class PercentFormat
{
    public static string Format(string format, object? operand, Budget budget)
    {
        IReadOnlyList<object?> values = operand is TupleValue tuple ? tuple.Items : [operand];
        var output = new StringBuilder();
        int next = 0;
        bool named = false;
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                output.Append(format[at]);
                continue;
            }

            at++;
            object? value = BoundArguments.Missing;
            if (at < format.Length && format[at] == '(')
            {
                int close = format.IndexOf(')', at);
                string key = close < 0 ? throw new JinjaException("incomplete format key") : format[(at + 1)..close];
                value = operand is DictValue dict ? dict.TryGet(key, out object? found) ? found : throw new JinjaException($"the format needs the key '{key}'")
                    : throw new JinjaException("format requires a mapping");
                named = true;
                at = close + 1;
            }

            FormatSpec spec = Spec(format, ref at, Next);
            if (spec.Type == '%')
            {
                output.Append('%');
                continue;
            }

            output.Append(One(spec, ReferenceEquals(value, BoundArguments.Missing) ? Next() : value, budget));
            Budget.CheckText(output.Length);
        }

        if (!named && next < values.Count && operand is not (DictValue or List<object?>))
        {
            throw new JinjaException("not all arguments converted during string formatting");
        }

        budget.Make(output.Length);
        return output.ToString();

        object? Next() => next < values.Count ? values[next++] : throw new JinjaException("not enough arguments for format string");
    }

    private static FormatSpec Spec(string format, ref int at, Func<object?> take)
    {
        int flagsFrom = at;
        while (at < format.Length && "-+ #0".Contains(format[at], StringComparison.Ordinal))
        {
            at++;
        }

        ReadOnlySpan<char> flags = format.AsSpan(flagsFrom, at - flagsFrom);
        int? width = Number(format, ref at, take);
        int? places = null;
        if (at < format.Length && format[at] == '.')
        {
            at++;
            places = Math.Max(0, Number(format, ref at, take) ?? 0);
        }

        char type = at < format.Length ? format[at] : throw new JinjaException("incomplete format");
        bool zero = flags.Contains('0') && !flags.Contains('-') && !"src".Contains(type, StringComparison.Ordinal);
        char sign = flags.Contains('+') ? '+' : flags.Contains(' ') ? ' ' : '-';
        return new FormatSpec(zero ? "0" : " ", flags.Contains('-') ? '<' : zero ? '=' : '>', sign, flags.Contains('#'), false, width ?? 0, places, type);
    }

    private static int? Number(string format, ref int at, Func<object?> take)
    {
        if (at < format.Length && format[at] == '*')
        {
            at++;
            return Numbers.ToIndex(take());
        }

        int from = at;
        while (at < format.Length && char.IsAsciiDigit(format[at]))
        {
            at++;
        }

        return at == from ? null : at - from <= 8 ? int.Parse(format.AsSpan(from, at - from), System.Globalization.CultureInfo.InvariantCulture)
            : throw new JinjaException("a format with a width or precision that is too large");
    }

    private static string One(FormatSpec spec, object? value, Budget budget)
    {
        switch (spec.Type)
        {
            case 's':
                return spec.Text(Printer.Text(value, budget), budget);
            case 'r' or 'a':
                return spec.Text(Printer.Repr(value, budget), budget);
            case 'c':
                return spec.Text(value as string ?? char.ConvertFromUtf32(Math.Clamp(Numbers.ToIndex(value), 0, 0xD7FF)), budget);
            case 'd' or 'i' or 'u' when Numbers.IsNumber(value):
                return spec.Integer(value is double number ? Numbers.FromDouble(number) : Numbers.AsInt(value)!.Value, budget);
            case 'x' or 'X' or 'o' when Numbers.AsInt(value) is { } integer:
                return spec.Integer(integer, budget);
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G':
                return spec.Float(Numbers.ToDouble(value), budget);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                throw new JinjaException($"%{spec.Type} format: a number is required, not {Values.TypeName(value)}");
            default:
                throw new JinjaException($"unsupported format character '{spec.Type}'");
        }
    }
}
