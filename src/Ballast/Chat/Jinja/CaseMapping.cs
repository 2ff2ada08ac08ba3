using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Python's upper, lower, title and capitalize: Unicode's full case mappings, where .NET has only those of one character to one.</summary>
internal static class CaseMapping
{
    // Unicode's SpecialCasing.txt and the title case digraphs: character=upper/title. U+1F80 to U+1FAF follow a rule instead (Special).
    private const string Table =
        "\u00df=SS/Ss \u0149=\u02bcN/\u02bcN \u01c4=\u01c4/\u01c5 \u01c5=\u01c4/\u01c5 \u01c6=\u01c4/\u01c5 " +
        "\u01c7=\u01c7/\u01c8 \u01c8=\u01c7/\u01c8 \u01c9=\u01c7/\u01c8 \u01ca=\u01ca/\u01cb \u01cb=\u01ca/\u01cb " +
        "\u01cc=\u01ca/\u01cb \u01f0=J\u030c/J\u030c \u01f1=\u01f1/\u01f2 \u01f2=\u01f1/\u01f2 \u01f3=\u01f1/\u01f2 " +
        "\u0390=\u0399\u0308\u0301/\u0399\u0308\u0301 \u03b0=\u03a5\u0308\u0301/\u03a5\u0308\u0301 " +
        "\u0587=\u0535\u0552/\u0535\u0582 \u1e96=H\u0331/H\u0331 \u1e97=T\u0308/T\u0308 \u1e98=W\u030a/W\u030a " +
        "\u1e99=Y\u030a/Y\u030a \u1e9a=A\u02be/A\u02be \u1f50=\u03a5\u0313/\u03a5\u0313 " +
        "\u1f52=\u03a5\u0313\u0300/\u03a5\u0313\u0300 \u1f54=\u03a5\u0313\u0301/\u03a5\u0313\u0301 " +
        "\u1f56=\u03a5\u0313\u0342/\u03a5\u0313\u0342 \u1fb2=\u1fba\u0399/\u1fba\u0345 \u1fb3=\u0391\u0399/\u1fbc " +
        "\u1fb4=\u0386\u0399/\u0386\u0345 \u1fb6=\u0391\u0342/\u0391\u0342 \u1fb7=\u0391\u0342\u0399/\u0391\u0342\u0345 " +
        "\u1fbc=\u0391\u0399/\u1fbc \u1fc2=\u1fca\u0399/\u1fca\u0345 \u1fc3=\u0397\u0399/\u1fcc " +
        "\u1fc4=\u0389\u0399/\u0389\u0345 \u1fc6=\u0397\u0342/\u0397\u0342 \u1fc7=\u0397\u0342\u0399/\u0397\u0342\u0345 " +
        "\u1fcc=\u0397\u0399/\u1fcc \u1fd2=\u0399\u0308\u0300/\u0399\u0308\u0300 \u1fd3=\u0399\u0308\u0301/\u0399\u0308\u0301 " +
        "\u1fd6=\u0399\u0342/\u0399\u0342 \u1fd7=\u0399\u0308\u0342/\u0399\u0308\u0342 " +
        "\u1fe2=\u03a5\u0308\u0300/\u03a5\u0308\u0300 \u1fe3=\u03a5\u0308\u0301/\u03a5\u0308\u0301 " +
        "\u1fe4=\u03a1\u0313/\u03a1\u0313 \u1fe6=\u03a5\u0342/\u03a5\u0342 \u1fe7=\u03a5\u0308\u0342/\u03a5\u0308\u0342 " +
        "\u1ff2=\u1ffa\u0399/\u1ffa\u0345 \u1ff3=\u03a9\u0399/\u1ffc \u1ff4=\u038f\u0399/\u038f\u0345 " +
        "\u1ff6=\u03a9\u0342/\u03a9\u0342 \u1ff7=\u03a9\u0342\u0399/\u03a9\u0342\u0345 \u1ffc=\u03a9\u0399/\u1ffc \ufb00=FF/Ff " +
        "\ufb01=FI/Fi \ufb02=FL/Fl \ufb03=FFI/Ffi \ufb04=FFL/Ffl \ufb05=ST/St \ufb06=ST/St \ufb13=\u0544\u0546/\u0544\u0576 " +
        "\ufb14=\u0544\u0535/\u0544\u0565 \ufb15=\u0544\u053b/\u0544\u056b \ufb16=\u054e\u0546/\u054e\u0576 " +
        "\ufb17=\u0544\u053d/\u0544\u056d";

    private static readonly Dictionary<int, (string Upper, string Title)> s_special = Table.Split(' ').ToDictionary(
        entry => (int)entry[0],
        entry => (entry[2..entry.IndexOf('/')], entry[(entry.IndexOf('/') + 1)..]));

    public static string Upper(string text) => Ascii.IsValid(text) ? text.ToUpperInvariant() : Map(text, (at, rune) => UpperOf(rune));

    public static string Lower(string text) => Ascii.IsValid(text) ? text.ToLowerInvariant() : Map(text, (at, rune) => LowerOf(text, at, rune));

    public static string SwapCase(string text) => Map(text, (at, rune) => Rune.IsUpper(rune) ? LowerOf(text, at, rune) : Rune.IsLower(rune) ? UpperOf(rune) : rune.ToString());

    public static string Capitalize(string text) => Map(text, (at, rune) => at == 0 ? TitleOf(rune) : LowerOf(text, at, rune));

    /// <summary>Python's title: a letter after a letter is lowered, any other is raised, so "they're" gives "They'Re".</summary>
    public static string Title(string text)
    {
        bool afterCased = false;
        return Map(text, (at, rune) =>
        {
            string mapped = afterCased ? LowerOf(text, at, rune) : TitleOf(rune);
            afterCased = IsCased(rune);
            return mapped;
        });
    }

    /// <summary>The filter title of Jinja: words between blanks, hyphens and opening brackets, each raised once.</summary>
    public static string TitleWords(string text)
    {
        bool inWord = false;
        return Map(text, (at, rune) =>
        {
            bool breaks = rune.IsBmp && (CodePoints.IsSpace((char)rune.Value) || "-([{<".Contains((char)rune.Value, StringComparison.Ordinal));
            string mapped = inWord ? LowerOf(text, at, rune) : UpperOf(rune);
            inWord = !breaks;
            return mapped;
        });
    }

    public static bool IsCased(Rune rune) => Rune.IsUpper(rune) || Rune.IsLower(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.TitlecaseLetter;

    private static string Map(string text, Func<int, Rune, string> map)
    {
        var mapped = new StringBuilder(text.Length);
        for (int at = 0; at < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, at, out Rune rune))
            {
                mapped.Append(map(at, rune));
                at += rune.Utf16SequenceLength;
            }
            else
            {
                mapped.Append(text[at++]);
            }
        }

        return mapped.ToString();
    }

    private static string UpperOf(Rune rune) => Special(rune)?.Upper ?? Rune.ToUpperInvariant(rune).ToString();

    private static string TitleOf(Rune rune) => Special(rune)?.Title ?? (rune.Value is >= 0x10D0 and <= 0x10FF ? rune : Rune.ToUpperInvariant(rune)).ToString();

    private static (string Upper, string Title)? Special(Rune rune)
    {
        if (rune.Value is >= 0x1F80 and <= 0x1FAF)
        {
            // Greek with iota subscript: the capital without it and a capital iota; in titles the composed capital.
            int row = (rune.Value - 0x1F80) / 16;
            int capital = (rune.Value & 7) + 8;
            return ($"{(char)((row switch { 0 => 0x1F00, 1 => 0x1F20, _ => 0x1F60 }) + capital)}\u0399", ((char)(0x1F80 + (row * 16) + capital)).ToString());
        }

        return s_special.TryGetValue(rune.Value, out var mapping) ? mapping : null;
    }

    private static string LowerOf(string text, int at, Rune rune) => rune.Value switch
    {
        0x130 => "i\u0307",
        0x3A3 => EndsWord(text, at) ? "\u03c2" : "\u03c3",
        _ => Rune.ToLowerInvariant(rune).ToString(),
    };

    // Sigma at the end of a word: a cased letter before it and none after it, marks and apostrophes not counting.
    private static bool EndsWord(string text, int at)
    {
        int before = at - 1;
        while (before >= 0 && IsIgnorable(text[before]))
        {
            before--;
        }

        int after = at + 1;
        while (after < text.Length && IsIgnorable(text[after]))
        {
            after++;
        }

        return before >= 0 && CasedAt(before - (before > 0 && char.IsLowSurrogate(text[before]) ? 1 : 0)) && !(after < text.Length && CasedAt(after));

        bool CasedAt(int index) => Rune.TryGetRuneAt(text, index, out Rune rune) && IsCased(rune);
    }

    private static bool IsIgnorable(char c) => c is '\'' or '.' or ':' or '^' or '`' or '\xb7' or '\u2019'
        || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark
            or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.ModifierLetter or System.Globalization.UnicodeCategory.ModifierSymbol;
}
