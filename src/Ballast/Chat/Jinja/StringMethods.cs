using System.Globalization;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Python's methods of str; lengths and positions are in code points.</summary>
internal static class StringMethods
{
    private delegate object? Method(string text, Arguments arguments, Budget budget);

    private static readonly Dictionary<string, Method> s_methods = new(StringComparer.Ordinal)
    {
        ["capitalize"] = (text, _, _) => CaseMapping.Capitalize(text),
        ["center"] = (text, args, budget) => Pad(text, args, budget, "center"),
        ["count"] = (text, args, budget) => (System.Numerics.BigInteger)StringSearch.Count(text, args, budget),
        ["endswith"] = (text, args, budget) => StringSearch.Affix("endswith", text, args, budget, (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        ["find"] = (text, args, budget) => StringSearch.Find("find", text, args, budget, last: false, raise: false),
        ["format"] = BraceFormat.Format,
        ["index"] = (text, args, budget) => StringSearch.Find("index", text, args, budget, last: false, raise: true),
        ["isalnum"] = (text, _, _) => All(text, rune => Rune.IsLetter(rune) || Numeric(rune)),
        ["isalpha"] = (text, _, _) => All(text, Rune.IsLetter),
        ["isascii"] = (text, _, _) => Ascii.IsValid(text),
        ["isdecimal"] = (text, _, _) => All(text, rune => CharUnicodeInfo.GetDecimalDigitValue(rune.ToString(), 0) >= 0),
        ["isdigit"] = (text, _, _) => All(text, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0),
        ["islower"] = (text, _, _) => AllCased(text, Rune.IsLower),
        ["isnumeric"] = (text, _, _) => All(text, Numeric),
        ["isspace"] = (text, _, _) => text.Length > 0 && text.All(CodePoints.IsSpace),
        ["isupper"] = (text, _, _) => AllCased(text, Rune.IsUpper),
        ["join"] = (text, args, budget) => Join(text, args.Bind("join", 1, "iterable")[0], budget),
        ["ljust"] = (text, args, budget) => Pad(text, args, budget, "ljust"),
        ["lower"] = (text, _, _) => CaseMapping.Lower(text),
        ["lstrip"] = (text, args, _) => CodePoints.Strip(text, Set(args), left: true, right: false),
        ["partition"] = (text, args, _) => Partition(text, args.Bind("partition", 1, "sep").Text(0), last: false),
        ["removeprefix"] = (text, args, _) => args.Bind("removeprefix", 1, "prefix").Text(0) is var affix && text.StartsWith(affix, StringComparison.Ordinal) ? text[affix.Length..] : text,
        ["removesuffix"] = (text, args, _) => args.Bind("removesuffix", 1, "suffix").Text(0) is var affix && text.EndsWith(affix, StringComparison.Ordinal) ? text[..^affix.Length] : text,
        ["replace"] = (text, args, budget) => args.Bind("replace", 2, "old", "new", "count") is var a ? StringSearch.Replace(text, a.Text(0), a.Text(1), a.Number(2, -1), budget) : null,
        ["rfind"] = (text, args, budget) => StringSearch.Find("rfind", text, args, budget, last: true, raise: false),
        ["rindex"] = (text, args, budget) => StringSearch.Find("rindex", text, args, budget, last: true, raise: true),
        ["rjust"] = (text, args, budget) => Pad(text, args, budget, "rjust"),
        ["rpartition"] = (text, args, _) => Partition(text, args.Bind("rpartition", 1, "sep").Text(0), last: true),
        ["rsplit"] = (text, args, budget) => StringSplit.Split(text, args, budget, fromRight: true),
        ["rstrip"] = (text, args, _) => CodePoints.Strip(text, Set(args), left: false, right: true),
        ["split"] = (text, args, budget) => StringSplit.Split(text, args, budget, fromRight: false),
        ["splitlines"] = (text, args, budget) => StringSplit.Lines(text, args.Bind("splitlines", 0, "keepends").Flag(0, false), budget),
        ["startswith"] = (text, args, budget) => StringSearch.Affix("startswith", text, args, budget, (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        ["strip"] = (text, args, _) => CodePoints.Strip(text, Set(args), left: true, right: true),
        ["swapcase"] = (text, _, _) => CaseMapping.SwapCase(text),
        ["title"] = (text, _, _) => CaseMapping.Title(text),
        ["upper"] = (text, _, _) => CaseMapping.Upper(text),
        ["zfill"] = (text, args, budget) => ZeroFill(text, args.Bind("zfill", 1, "width").Number(0), budget),
    };

    public static Callable? Find(string text, string name, Budget budget) => s_methods.TryGetValue(name, out Method? method)
        ? new Callable(name, arguments =>
        {
            budget.Make(text.Length);
            return method(text, arguments, budget);
        })
        : null;

    public static string Join(string separator, object? items, Budget budget)
    {
        var joined = new StringBuilder();
        bool first = true;
        foreach (object? item in Values.Iterate(items, budget))
        {
            string text = item as string ?? throw new JinjaException($"sequence item: expected str instance, {Values.TypeName(item)} found");
            joined.Append(first ? "" : separator).Append(text);
            first = false;
            if (joined.Length > Budget.MaxText)
            {
                break;
            }
        }

        budget.Make(joined.Length);
        return joined.ToString();
    }

    public static string Center(string text, int width, string fill, Budget budget)
    {
        int missing = Math.Max(0, width - CodePoints.Count(text));
        int left = (missing / 2) + (missing & width & 1);
        return Fill(left, fill, budget) + text + Fill(missing - left, fill, budget);
    }

    public static string Fill(int count, string fill, Budget budget)
    {
        budget.Make((long)Math.Max(0, count) * fill.Length);
        return count <= 0 ? "" : new StringBuilder().Insert(0, fill, count).ToString();
    }

    private static string Pad(string text, Arguments arguments, Budget budget, string side)
    {
        BoundArguments args = arguments.Bind(side, 1, "width", "fillchar");
        int width = args.Number(0);
        string fill = args.Text(1, " ");
        int missing = width - CodePoints.Count(text);
        if (CodePoints.Count(fill) != 1)
        {
            throw new JinjaException($"{side}(): the fill character must be exactly one character long");
        }

        return side switch
        {
            "center" => Center(text, width, fill, budget),
            "ljust" => text + Fill(missing, fill, budget),
            _ => Fill(missing, fill, budget) + text,
        };
    }

    private static string ZeroFill(string text, int width, Budget budget)
    {
        int sign = text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;
        return text[..sign] + Fill(width - CodePoints.Count(text), "0", budget) + text[sign..];
    }

    private static TupleValue Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0)
        {
            throw new JinjaException("empty separator");
        }

        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? new TupleValue([text[..at], separator, text[(at + separator.Length)..]])
            : last ? new TupleValue(["", "", text])
            : new TupleValue([text, "", ""]);
    }

    private static string? Set(Arguments arguments)
    {
        BoundArguments args = arguments.Bind("strip", 0, "chars");
        return args.Or(0, null) is null ? null : args.Text(0);
    }

    private static bool All(string text, Func<Rune, bool> test) => text.Length > 0 && text.EnumerateRunes().All(test);

    private static bool AllCased(string text, Func<Rune, bool> test)
    {
        IEnumerable<Rune> cased = text.EnumerateRunes().Where(CaseMapping.IsCased);
        return cased.Any() && cased.All(test);
    }

    private static bool Numeric(Rune rune) => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) >= 0;
}
