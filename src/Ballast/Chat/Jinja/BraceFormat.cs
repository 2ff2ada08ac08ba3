using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Python's '{}'.format(...): fields by order, number or name, with members, conversion and format.</summary>
internal static class BraceFormat
{
    public static object? Format(string format, Arguments arguments, Budget budget)
    {
        int automatic = 0;
        var output = new StringBuilder();
        for (int at = 0; at < format.Length; at++)
        {
            char c = format[at];
            if (c is '{' or '}' && at + 1 < format.Length && format[at + 1] == c)
            {
                at++;
            }
            else if (c == '}')
            {
                throw new JinjaException("Single '}' encountered in format string");
            }
            else if (c == '{')
            {
                int close = Close(format, at);
                output.Append(Field(format[(at + 1)..close], arguments, ref automatic, budget));
                Budget.CheckText(output.Length);
                at = close;
                continue;
            }

            output.Append(c);
        }

        budget.Make(output.Length);
        return output.ToString();
    }

    private static int Close(string format, int open)
    {
        int depth = 0;
        for (int at = open; at < format.Length; at++)
        {
            depth += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return at;
            }
        }

        throw new JinjaException("expected '}' before end of string");
    }

    private static string Field(string field, Arguments arguments, ref int automatic, Budget budget)
    {
        int colon = field.IndexOf(':');
        string specText = colon < 0 ? "" : field[(colon + 1)..];
        string name = colon < 0 ? field : field[..colon];
        int bang = name.IndexOf('!');
        string conversion = bang < 0 ? "" : name[(bang + 1)..];
        object? value = Lookup(bang < 0 ? name : name[..bang], arguments, ref automatic, budget);
        if (specText.Contains('{'))
        {
            var inner = new StringBuilder();
            for (int at = 0; at < specText.Length; at++)
            {
                int close = specText[at] == '{' ? Close(specText, at) : -1;
                inner.Append(close < 0 ? specText[at].ToString() : Printer.Text(Lookup(specText[(at + 1)..close], arguments, ref automatic, budget), budget));
                at = close < 0 ? at : close;
            }

            specText = inner.ToString();
        }

        return conversion switch
        {
            "" => One(value, Spec(specText), budget),
            "r" or "a" => One(Printer.Repr(value, budget), Spec(specText), budget),
            "s" => One(Printer.Text(value, budget), Spec(specText), budget),
            _ => throw new JinjaException($"Unknown conversion specifier '{conversion}'"),
        };
    }

    private static object? Lookup(string path, Arguments arguments, ref int automatic, Budget budget)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? path : path[..end];
        object? value = first.Length == 0 ? Positional(automatic++)
            : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? Positional(index)
            : arguments.Named.FirstOrDefault(pair => pair.Key == first) is { Key: not null } named ? named.Value
            : throw new JinjaException($"the format needs an argument named '{first}'");
        for (int at = end < 0 ? path.Length : end; at < path.Length;)
        {
            int next = path[at] == '[' ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is var step and >= 0 ? at + 1 + step : path.Length;
            string member = next < 0 ? throw new JinjaException("Missing ']' in format string") : path[(at + 1)..next];
            value = path[at] == '.' ? Members.Attribute(value, member, budget)
                : Members.Item(value, int.TryParse(member, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? new BigInteger(number) : member, budget);
            at = path[at] == '[' ? next + 1 : next;
        }

        return value;

        object? Positional(int at) => at < arguments.Positional.Count ? arguments.Positional[at] : throw new JinjaException("Replacement index out of range for positional args tuple");
    }

    private static FormatSpec Spec(string text)
    {
        int at = 0;
        string fill = " ";
        char align = '\0';
        int units = text.Length > 0 ? CodePoints.UnitsAt(text, 0) : 0;
        if (text.Length > units && units > 0 && "<>=^".Contains(text[units], StringComparison.Ordinal))
        {
            (fill, align, at) = (text[..units], text[units], units + 1);
        }
        else if (text.Length > 0 && "<>=^".Contains(text[0], StringComparison.Ordinal))
        {
            (align, at) = (text[0], 1);
        }

        char sign = at < text.Length && "+- ".Contains(text[at], StringComparison.Ordinal) ? text[at++] : '-';
        bool alternate = Take('#');
        if (Take('0') && align == '\0')
        {
            (fill, align) = ("0", '=');
        }

        int width = Number() ?? 0;
        bool grouped = Take(',');
        int? places = Take('.') ? Number() ?? throw new JinjaException("Format specifier missing precision") : null;
        char type = at < text.Length ? text[at++] : '\0';
        return at == text.Length ? new FormatSpec(fill, align, sign, alternate, grouped, width, places, type) : throw new JinjaException($"Invalid format specifier '{text}'");

        bool Take(char c)
        {
            bool found = at < text.Length && text[at] == c;
            at += found ? 1 : 0;
            return found;
        }

        int? Number()
        {
            int from = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            return at == from ? null : int.TryParse(text.AsSpan(from, at - from), out int number) ? number : throw new JinjaException("Too many decimal digits in format string");
        }
    }

    private static string One(object? value, FormatSpec spec, Budget budget)
    {
        FormatSpec right = spec.Align == '\0' ? spec with { Align = '>' } : spec;
        FormatSpec left = spec.Align == '\0' ? spec with { Align = '<' } : spec;
        return (value, spec.Type) switch
        {
            (string text, '\0' or 's') => left.Text(text, budget),
            (bool flag, '\0') => left.Text(flag ? "True" : "False", budget),
            (BigInteger number, '\0' or 'd' or 'x' or 'X' or 'o' or 'b' or 'n') => right.Integer(number, budget),
            (bool flag, 'd' or 'x' or 'X' or 'o' or 'b') => right.Integer(flag ? 1 : 0, budget),
            (double number, '\0') when spec.Places is null => right.Pad(double.IsNegative(number) ? "-" : "", Printer.Float(Math.Abs(number)), budget),
            (double number, '\0') => (right with { Type = 'g' }).Float(number, budget),
            (bool or BigInteger or double, 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%') => right.Float(Numbers.ToDouble(value), budget),
            (string or bool or BigInteger or double, _) => throw new JinjaException($"Unknown format code '{spec.Type}' for object of type '{Values.TypeName(value)}'"),
            _ when spec is { Width: 0, Type: '\0', Places: null } => Printer.Text(value, budget),
            _ => throw new JinjaException($"unsupported format string passed to {Values.TypeName(value)}.__format__"),
        };
    }
}
