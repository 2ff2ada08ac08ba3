using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Text as Python sees it, in code points, held in .NET strings; a lone surrogate counts as one.</summary>
internal static class CodePoints
{
    public static bool AreUnits(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0;

    public static int Count(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        int at = 0;
        while (text[at..].IndexOfAnyInRange('\uD800', '\uDBFF') is int next and >= 0)
        {
            at += next + 1;
            if (at < text.Length && char.IsLowSurrogate(text[at]))
            {
                count--;
            }
        }

        return count;
    }

    /// <summary>One string per code point.</summary>
    public static IEnumerable<string> Split(string text)
    {
        for (int at = 0; at < text.Length;)
        {
            int length = UnitsAt(text, at);
            yield return text.Substring(at, length);
            at += length;
        }
    }

    /// <summary>Where each code point starts in UTF-16, with the text's length at the end.</summary>
    public static List<int> Starts(string text)
    {
        var starts = new List<int>(text.Length + 1);
        for (int at = 0; at < text.Length; at += UnitsAt(text, at))
        {
            starts.Add(at);
        }

        starts.Add(text.Length);
        return starts;
    }

    public static int UnitsAt(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    /// <summary>Order by code points, where ordinal UTF-16 order would put U+1F600 before U+FF5C.</summary>
    public static int Compare(string a, string b)
    {
        int same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        return Rank(a[same]).CompareTo(Rank(b[same]));

        static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }

    /// <summary>Python's str.isspace for one character; all of them lie in the basic plane.</summary>
    public static bool IsSpace(char c) => c switch
    {
        <= ' ' => c is ' ' or (>= '\t' and <= '\r') or (>= '\x1c' and <= '\x1f'),
        '\x85' or '\xa0' or '\u1680' or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000' => true,
        _ => c is >= '\u2000' and <= '\u200a',
    };

    /// <summary>Python's strip, lstrip and rstrip: of blanks, or of any of the code points given.</summary>
    public static string Strip(string text, string? set, bool left, bool right)
    {
        HashSet<string>? members = set is null ? null : [.. Split(set)];
        int start = 0;
        int end = text.Length;
        while (left && start < end && Strips(start, UnitsAt(text, start)))
        {
            start += UnitsAt(text, start);
        }

        while (right && end > start)
        {
            int units = end - start > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;
            if (!Strips(end - units, units))
            {
                break;
            }

            end -= units;
        }

        return text[start..end];

        bool Strips(int at, int units) => members is null ? IsSpace(text[at]) : members.Contains(text.Substring(at, units));
    }

    public static string Reverse(string text)
    {
        var reversed = new StringBuilder(text.Length);
        foreach (string point in Split(text).Reverse())
        {
            reversed.Append(point);
        }

        return reversed.ToString();
    }
}
