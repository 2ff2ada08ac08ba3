using System.Numerics;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Filters of text. They take any value and work on its printed form, as in Jinja.</summary>
internal static class TextFilters
{
    public static readonly IReadOnlyList<KeyValuePair<string, Filters.Filter>> All =
    [
        new("capitalize", (value, _, budget) => CaseMapping.Capitalize(Made(value, budget))),
        new("center", (value, args, budget) => StringMethods.Center(Made(value, budget), args.Bind("center", 0, "width").Number(0, 80), " ", budget)),
        new("e", Escape),
        new("escape", Escape),
        new("forceescape", Escape),
        new("format", Format),
        new("indent", Indent),
        new("lower", (value, _, budget) => CaseMapping.Lower(Made(value, budget))),
        new("replace", Replace),
        new("safe", (value, _, budget) => Made(value, budget)),
        new("string", (value, _, budget) => Made(value, budget)),
        new("title", (value, _, budget) => CaseMapping.TitleWords(Made(value, budget))),
        new("trim", (value, args, budget) => CodePoints.Strip(Made(value, budget), args.Bind("trim", 0, "chars").Or(0, null) as string, left: true, right: true)),
        new("truncate", Truncate),
        new("upper", (value, _, budget) => CaseMapping.Upper(Made(value, budget))),
        new("wordcount", (value, _, budget) => new BigInteger(WordCount(Made(value, budget)))),
    ];

    private static string Made(object? value, Budget budget)
    {
        string text = Printer.Text(value, budget);
        budget.Make(text.Length);
        return text;
    }

    private static string Escape(object? value, Arguments arguments, Budget budget)
    {
        string text = Made(value, budget);
        foreach ((string plain, string escaped) in new[] { ("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ("\"", "&#34;") })
        {
            text = StringSearch.Replace(text, plain, escaped, -1, budget);
        }

        return text;
    }

    private static string Format(object? value, Arguments arguments, Budget budget)
    {
        object? operand = new TupleValue(arguments.Positional);
        if (arguments.Named.Count > 0)
        {
            var named = new DictValue();
            foreach ((string name, object? item) in arguments.Named)
            {
                named.Set(name, item);
            }

            operand = arguments.Positional.Count == 0 ? named : throw new JinjaException("format: positional and keyword arguments cannot be mixed");
        }

        return PercentFormat.Format(Made(value, budget), operand, budget);
    }

    private static string Replace(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("replace", 2, "old", "new", "count");
        return StringSearch.Replace(Made(value, budget), Printer.Text(args[0], budget), Printer.Text(args[1], budget), args.Number(2, -1), budget);
    }

    private static string Indent(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("indent", 0, "width", "first", "blank");
        string indent = args.Or(0, null) as string ?? StringMethods.Fill(args.Number(0, 4), " ", budget);
        var indented = new StringBuilder();
        List<object?> lines = StringSplit.Lines(Made(value, budget) + "\n", false, budget);
        for (int i = 0; i < lines.Count; i++)
        {
            string line = (string)lines[i]!;
            bool indents = i == 0 ? args.Flag(1, false) : args.Flag(2, false) || line.Length > 0;
            indented.Append(i > 0 ? "\n" : "").Append(indents ? indent : "").Append(line);
            Budget.CheckText(indented.Length);
        }

        budget.Make(indented.Length);
        return indented.ToString();
    }

    private static string Truncate(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        string text = Made(value, budget);
        string end = args.Text(2, "...");
        int length = args.Number(0, 255);
        int leeway = args.Number(3, 5);
        int endLength = CodePoints.Count(end);
        if (length < endLength || leeway < 0)
        {
            throw new JinjaException($"truncate: expected a length of at least {endLength} and a leeway of at least 0");
        }

        List<int> starts = CodePoints.Starts(text);
        if (starts.Count - 1 <= length + leeway)
        {
            return text;
        }

        string kept = text[..starts[length - endLength]];
        int blank = args.Flag(1, false) ? -1 : kept.LastIndexOf(' ');
        return (blank >= 0 ? kept[..blank] : kept) + end;
    }

    // Runs of letters, digits and underscores, as \w+ counts them.
    private static int WordCount(string text)
    {
        int count = 0;
        bool inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isWord = Rune.IsLetterOrDigit(rune) || rune.Value == '_' || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.OtherNumber or System.Globalization.UnicodeCategory.LetterNumber;
            count += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return count;
    }
}
