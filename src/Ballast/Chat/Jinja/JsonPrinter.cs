using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>The filter tojson as Hugging Face defines it: Python's json.dumps, without the HTML escaping of plain Jinja.</summary>
internal sealed class JsonPrinter
{
    private readonly StringBuilder _output = new();
    private readonly Budget _budget;
    private readonly bool _ascii;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;
    private readonly bool _sortKeys;

    private JsonPrinter(BoundArguments args, Budget budget)
    {
        _budget = budget;
        _ascii = args.Flag(0, false);
        _indent = args.Or(1, null) switch
        {
            null => null,
            string text => text,
            _ => StringMethods.Fill(args.Number(1), " ", budget),
        };
        object? separators = args.Or(2, null);
        (_itemSeparator, _keySeparator) = separators is null ? (_indent is null ? ", " : ",", ": ")
            : Values.ToList(separators, budget) is [string item, string key] ? (item, key)
            : throw new JinjaException("tojson() expects two strings as separators");
        _sortKeys = args.Flag(3, false);
    }

    public static string Print(object? value, Arguments arguments, Budget budget)
    {
        var printer = new JsonPrinter(arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys"), budget);
        printer.Append(value, 0);
        budget.Make(printer._output.Length);
        return printer._output.ToString();
    }

    private void Append(object? value, int depth)
    {
        Budget.CheckStack();
        _budget.Step();
        switch (value)
        {
            case string text: AppendString(text); break;
            case null or bool or BigInteger or double: _output.Append(Plain(value)); break;
            case List<object?> list: AppendItems('[', ']', list, depth, item => Append(item, depth + 1)); break;
            case TupleValue tuple: AppendItems('[', ']', tuple.Items, depth, item => Append(item, depth + 1)); break;
            case DictValue dict:
                IEnumerable<KeyValuePair<object?, object?>> items = _sortKeys
                    ? Equality.Sort(dict.Keys, key => key, false, _budget).Select(key => KeyValuePair.Create(key, dict.TryGet(key, out object? found) ? found : null))
                    : dict.Items;
                AppendItems('{', '}', [.. items], depth, item =>
                {
                    AppendString(item.Key is null or bool or BigInteger or double ? Plain(item.Key)
                        : item.Key as string ?? throw new JinjaException($"tojson: keys must be str, int, float, bool or None, not {Values.TypeName(item.Key)}"));
                    _output.Append(_keySeparator);
                    Append(item.Value, depth + 1);
                });
                break;
            case Undefined undefined: throw undefined.Used();
            default: throw new JinjaException($"Object of type {Values.TypeName(value)} is not JSON serializable");
        }
    }

    private static string Plain(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => Printer.Float((double)value),
    };

    private void AppendItems<T>(char open, char close, IReadOnlyList<T> items, int depth, Action<T> append)
    {
        _output.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            _output.Append(i > 0 ? _itemSeparator : "");
            NewLine(depth + 1);
            append(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(depth);
        }

        _output.Append(close);
    }

    private void NewLine(int depth)
    {
        if (_indent is null)
        {
            return;
        }

        _budget.Make((long)_indent.Length * depth);
        Budget.CheckText(_output.Length);
        _output.Append('\n').Insert(_output.Length, _indent, depth);
    }

    private void AppendString(string text)
    {
        _budget.Make(text.Length);
        _output.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"': _output.Append("\\\""); break;
                case '\\': _output.Append("\\\\"); break;
                case '\n': _output.Append("\\n"); break;
                case '\r': _output.Append("\\r"); break;
                case '\t': _output.Append("\\t"); break;
                case '\f': _output.Append("\\f"); break;
                case '\b': _output.Append("\\b"); break;
                case < ' ': AppendEscape(c); break;
                case >= '\x7f' when _ascii && c != '\x7f': AppendEscape(c); break;
                default: _output.Append(c); break;
            }
        }

        _output.Append('"');
    }

    private void AppendEscape(char c) => _output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
