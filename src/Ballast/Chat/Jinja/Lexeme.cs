using System.Globalization;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>One name, number, string or operator inside a tag.</summary>
internal static class Lexeme
{
    private static readonly string[] s_operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    public static (TokenKind Kind, string Text, int Next) Read(string source, int at)
    {
        char c = source[at];
        if (char.IsAsciiDigit(c))
        {
            return ReadNumber(source, at);
        }

        if (char.IsLetterOrDigit(c) || c == '_')
        {
            int end = Run(source, at, x => char.IsLetterOrDigit(x) || x == '_');
            return (TokenKind.Name, source[at..end], end);
        }

        if (c is '\'' or '"')
        {
            return ReadString(source, at);
        }

        foreach (string op in s_operators)
        {
            if (string.CompareOrdinal(source, at, op, 0, op.Length) == 0)
            {
                return (TokenKind.Operator, op, at + op.Length);
            }
        }

        throw new JinjaException($"unexpected character '{c}'");
    }

    private static (TokenKind Kind, string Text, int Next) ReadNumber(string source, int at)
    {
        if (source[at] == '0' && at + 1 < source.Length && char.ToLowerInvariant(source[at + 1]) is 'x' or 'o' or 'b')
        {
            int last = Run(source, at + 2, x => char.IsAsciiHexDigit(x) || x == '_');
            return (TokenKind.Integer, source[at..last], last);
        }

        int end = Run(source, at, IsDigit);
        bool afterDot = at > 0 && source[at - 1] == '.';
        int fraction = end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]) ? Run(source, end + 1, IsDigit) : end;
        int exponent = fraction;
        if (fraction < source.Length && source[fraction] is 'e' or 'E')
        {
            int digits = fraction + 1 + (fraction + 1 < source.Length && source[fraction + 1] is '+' or '-' ? 1 : 0);
            exponent = digits < source.Length && char.IsAsciiDigit(source[digits]) ? Run(source, digits, IsDigit) : fraction;
        }

        return afterDot || exponent == end ? (TokenKind.Integer, source[at..end], end) : (TokenKind.Float, source[at..exponent], exponent);

        static bool IsDigit(char c) => char.IsAsciiDigit(c) || c == '_';
    }

    private static (TokenKind Kind, string Text, int Next) ReadString(string source, int at)
    {
        char quote = source[at];
        var text = new StringBuilder();
        for (int i = at + 1; i < source.Length; i++)
        {
            if (source[i] == quote)
            {
                return (TokenKind.String, text.ToString(), i + 1);
            }

            if (source[i] == '\\' && i + 1 < source.Length)
            {
                i = Unescape(source, i + 1, text);
                continue;
            }

            text.Append(source[i]);
        }

        throw new JinjaException("a string that is not closed");
    }

    // Python's escapes; an unknown one keeps its backslash. Returns the index of the last character used.
    private static int Unescape(string source, int at, StringBuilder text)
    {
        char c = source[at];
        const string Letters = "abfnrtv\\'\"";
        int known = Letters.IndexOf(c, StringComparison.Ordinal);
        if (known >= 0)
        {
            text.Append("\a\b\f\n\r\t\v\\'\""[known]);
            return at;
        }

        switch (c)
        {
            case '\n':
                return at;
            case >= '0' and <= '7':
                int end = Math.Min(Run(source, at, x => x is >= '0' and <= '7'), at + 3);
                text.Append((char)Convert.ToInt32(source[at..end], 8));
                return end - 1;
            case 'x' or 'u' or 'U':
                int length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                bool whole = at + length < source.Length && uint.TryParse(source.AsSpan(at + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) && code <= 0x10FFFF;
                uint point = whole ? uint.Parse(source.AsSpan(at + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : throw new JinjaException($"a truncated \\{c} escape in a string");
                text.Append(point < 0x10000 ? ((char)point).ToString() : char.ConvertFromUtf32((int)point));
                return at + length;
            case 'N':
                throw new JinjaException("\\N escapes in strings are not supported; write the character itself");
            default:
                text.Append('\\').Append(c);
                return at;
        }
    }

    private static int Run(string source, int at, Func<char, bool> test)
    {
        while (at < source.Length && test(source[at]))
        {
            at++;
        }

        return at;
    }
}
