using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Python's str and repr of values.</summary>
internal static class Printer
{
    public static string Text(object? value, Budget budget)
    {
        switch (value)
        {
            case string text:
                return text;
            case Undefined:
                return "";
            case null or bool or BigInteger or double:
                return Repr(value, budget);
            default:
                string repr = Repr(value, budget);
                budget.Make(repr.Length);
                return repr;
        }
    }

    public static string Repr(object? value, Budget budget)
    {
        var output = new StringBuilder();
        Append(output, value, budget);
        return output.ToString();
    }

    /// <summary>Python's repr of a float: the shortest digits that give it back, with an exponent below 1e-4 and from 1e16.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        // .NET's round-trip digits are Python's; only the place where the exponent sets in differs.
        string[] parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string whole = parts[0].Split('.')[0];
        string digits = parts[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        int exponent = parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : whole != "0" ? whole.Length - 1
            : digits.Length - parts[0].Length + 1;
        exponent = value == 0 ? 0 : exponent;
        digits = digits.Length == 0 ? "0" : digits.TrimEnd('0');
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string power = Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? "-" : "+")}{power}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        string padded = digits.PadRight(exponent + 2, '0');
        return $"{sign}{padded[..(exponent + 1)]}.{padded[(exponent + 1)..]}";
    }

    private static void Append(StringBuilder output, object? value, Budget budget)
    {
        budget.Step();
        Budget.CheckStack();
        Budget.CheckText(output.Length);
        switch (value)
        {
            case null: output.Append("None"); break;
            case bool flag: output.Append(flag ? "True" : "False"); break;
            case BigInteger number: output.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: output.Append(Float(number)); break;
            case string text: AppendQuoted(output, text, budget); break;
            case Undefined: output.Append("Undefined"); break;
            case List<object?> list: AppendItems(output, '[', list, "]", budget); break;
            case TupleValue tuple: AppendItems(output, '(', tuple.Items, tuple.Items.Count == 1 ? ",)" : ")", budget); break;
            case DictValue dict: AppendPairs(output, dict.Items, budget); break;
            case RangeValue range: output.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}{(range.Step == 1 ? "" : $", {range.Step}")})"); break;
            case NamespaceValue space:
                output.Append("<Namespace ");
                AppendPairs(output, space.Attributes.Select(item => KeyValuePair.Create<object?, object?>(item.Key, item.Value)), budget);
                output.Append('>');
                break;
            case LoopValue loop: output.Append(CultureInfo.InvariantCulture, $"<LoopContext {loop.Index0 + 1}/{loop.Length}>"); break;
            case Callable callable: output.Append(CultureInfo.InvariantCulture, $"<function {callable.Name}>"); break;
            default: output.Append(CultureInfo.InvariantCulture, $"<{Values.TypeName(value)} object>"); break;
        }
    }

    private static void AppendItems(StringBuilder output, char open, IReadOnlyList<object?> items, string close, Budget budget)
    {
        output.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            output.Append(i > 0 ? ", " : "");
            Append(output, items[i], budget);
        }

        output.Append(close);
    }

    private static void AppendPairs(StringBuilder output, IEnumerable<KeyValuePair<object?, object?>> pairs, Budget budget)
    {
        output.Append('{');
        string separator = "";
        foreach ((object? key, object? value) in pairs)
        {
            output.Append(separator);
            Append(output, key, budget);
            output.Append(": ");
            Append(output, value, budget);
            separator = ", ";
        }

        output.Append('}');
    }

    private static void AppendQuoted(StringBuilder output, string text, Budget budget)
    {
        budget.Make(text.Length);
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            int units = CodePoints.UnitsAt(text, at);
            switch (c)
            {
                case '\n': output.Append("\\n"); break;
                case '\r': output.Append("\\r"); break;
                case '\t': output.Append("\\t"); break;
                case '\\': output.Append("\\\\"); break;
                case >= ' ' and < '\x7f': output.Append(c == quote ? "\\" : "").Append(c); break;
                default: AppendRare(output, text, at, units); break;
            }

            at += units - 1;
        }

        output.Append(quote);
    }

    private static void AppendRare(StringBuilder output, string text, int at, int units)
    {
        if (CharUnicodeInfo.GetUnicodeCategory(text, at) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator))
        {
            output.Append(text, at, units);
            return;
        }

        int code = units == 2 ? char.ConvertToUtf32(text, at) : text[at];
        output.Append(code switch
        {
            < 0x100 => $"\\x{code:x2}",
            < 0x10000 => $"\\u{code:x4}",
            _ => $"\\U{code:x8}",
        });
    }
}
