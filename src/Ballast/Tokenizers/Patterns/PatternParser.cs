using System.Globalization;

namespace Ballast.Tokenizers.Patterns;

/// <summary>Reads the part of Oniguruma's syntax that pre-tokenizers use; anything else is refused by name, since almost right would be wrong.</summary>
internal sealed class PatternParser(string source)
{
    private const int MaxLength = 20_000;
    private const int MaxDepth = 50;
    private readonly int[] _pattern = CodePointText.FromText(source);
    private int _at;
    private int _depth;
    private bool _ignoreCase;

    public static PatternNode Parse(string source)
    {
        PatternParser parser = new(source);
        if (source.Length > MaxLength)
        {
            throw parser.Refuse($"longer than {MaxLength} characters");
        }

        PatternNode node = parser.ParseAlternation();
        return parser._at == parser._pattern.Length ? node : throw parser.Refuse("an unmatched )");
    }

    private int Next => _at < _pattern.Length ? _pattern[_at] : -1;

    private PatternNode ParseAlternation()
    {
        if (++_depth > MaxDepth)
        {
            throw Refuse($"groups nested deeper than {MaxDepth}");
        }

        List<PatternNode> branches = [ParseConcatenation()];
        while (Take('|'))
        {
            branches.Add(ParseConcatenation());
        }

        _depth--;
        return branches.Count == 1 ? branches[0] : new PatternNode.Alternation(branches);
    }

    private PatternNode.Concatenation ParseConcatenation()
    {
        List<PatternNode> parts = [];
        int previousLetter = 0;
        while (Next is not (-1 or '|' or ')'))
        {
            int letter = _ignoreCase ? Next | 0x20 : 0;
            PatternNode atom = ParseAtom();
            if (_ignoreCase && (previousLetter, letter) is ('s', 's' or 't') or ('f', 'f' or 'i' or 'l'))
            {
                throw Refuse("ignoring case of letters that also fold to a ligature");
            }

            previousLetter = letter;
            parts.Add(ParseQuantifiers(atom));
        }

        return new PatternNode.Concatenation(parts);
    }

    private PatternNode ParseAtom()
    {
        int c = _pattern[_at++];
        return c switch
        {
            '(' => ParseGroup(),
            '[' => new PatternNode.One(ParseClass()),
            '.' => new PatternNode.One(CharSet.Any),
            '\\' => new PatternNode.One(ParseEscape(out int literal) ?? Literal(literal)),
            '^' or '$' => throw Refuse($"the anchor {(char)c}"),
            '*' or '+' or '?' => throw Refuse($"{(char)c} without anything to repeat"),
            _ => new PatternNode.One(Literal(c)),
        };
    }

    private CharSet Literal(int codePoint) => _ignoreCase
        ? CharSet.Of(codePoint).IgnoreCase() ?? throw Refuse("ignoring case beyond ASCII")
        : CharSet.Of(codePoint);

    private PatternNode ParseGroup()
    {
        bool outerCase = _ignoreCase;
        Func<PatternNode, PatternNode> wrap = body => body;
        if (Take('?'))
        {
            string kind = TakeUntilGroupBody();
            wrap = kind switch
            {
                ":" => wrap,
                "=" => body => new PatternNode.LookAhead(body, false),
                "!" => body => new PatternNode.LookAhead(body, true),
                ">" => body => new PatternNode.Atomic(body),
                "i:" => wrap,
                _ => throw Refuse($"the group (?{kind}"),
            };
            _ignoreCase |= kind == "i:";
        }

        PatternNode body = ParseAlternation();
        if (!Take(')'))
        {
            throw Refuse("an unclosed group");
        }

        _ignoreCase = outerCase;
        return wrap(body);
    }

    private string TakeUntilGroupBody()
    {
        string kind = "";
        while (Next != -1 && kind.Length < 4)
        {
            kind += (char)_pattern[_at++];
            if (kind[^1] is ':' or '=' or '!' or '>' or ')')
            {
                break;
            }
        }

        return kind;
    }

    private PatternNode ParseQuantifiers(PatternNode atom)
    {
        while (Next is '*' or '+' or '?' || (Next == '{' && AtInterval()))
        {
            (int min, int max) = _pattern[_at++] switch { '*' => (0, -1), '+' => (1, -1), '?' => (0, 1), _ => ParseInterval() };
            bool interval = _pattern[_at - 1] == '}';
            bool lazy = Take('?');
            bool possessive = !lazy && !interval && Take('+');
            if (max == -1 && atom.CanBeEmpty)
            {
                throw Refuse("an endless repetition of something that may be empty");
            }

            atom = new PatternNode.Repetition(atom, min, max, lazy);
            atom = possessive ? new PatternNode.Atomic(atom) : atom;
        }

        return atom;
    }

    private bool AtInterval() => _at + 1 < _pattern.Length && (_pattern[_at + 1] is (>= '0' and <= '9') or ',');

    private (int Min, int Max) ParseInterval()
    {
        int close = Array.IndexOf(_pattern, '}', _at);
        string[] ends = close < 0 ? [] : CodePointText.ToText(_pattern.AsSpan(_at, close - _at)).Split(',');
        if (ends.Length is 0 or > 2 || !TryEnd(ends[0], 0, out int min) || !TryEnd(ends[^1], -1, out int max) || (max != -1 && max < min))
        {
            throw Refuse("a repetition count");
        }

        _at = close + 1;
        return (min, max);

        static bool TryEnd(string text, int absent, out int value)
        {
            value = absent;
            return text.Length == 0 || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= 1000);
        }
    }

    private CharSet ParseClass()
    {
        CharSet set = new();
        bool complement = Take('^');
        bool first = true;
        while (first || Next != ']')
        {
            first = false;
            if (Next is -1 or '[' || (Next == '&' && _at + 1 < _pattern.Length && _pattern[_at + 1] == '&') || (Next == ']'))
            {
                throw Refuse("an empty, unclosed or nested character class");
            }

            CharSet? named = ParseClassItem(out int from);
            if (named is not null)
            {
                set.Add(named);
            }
            else if (Next == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']')
            {
                _at++;
                if (ParseClassItem(out int to) is not null || to < from)
                {
                    throw Refuse("a range in a character class");
                }

                set.AddRange(from, to);
            }
            else
            {
                set.AddRange(from, from);
            }
        }

        _at++;
        set = _ignoreCase ? set.IgnoreCase() ?? throw Refuse("ignoring case beyond ASCII") : set;
        return complement ? set.Complement() : set;
    }

    private CharSet? ParseClassItem(out int literal)
    {
        literal = _pattern[_at++];
        return literal == '\\' ? ParseEscape(out literal) : null;
    }

    /// <summary>What follows a backslash: a set, or null and one literal code point.</summary>
    private CharSet? ParseEscape(out int literal)
    {
        literal = 0;
        if (Next == -1)
        {
            throw Refuse("a trailing backslash");
        }

        int c = _pattern[_at++];
        switch (c)
        {
            case 's': return CharSet.WhiteSpace;
            case 'S': return CharSet.WhiteSpace.Copy().Complement();
            case 'd': return CharSet.Digit;
            case 'D': return CharSet.Digit.Copy().Complement();
            case 'w': return CharSet.Word;
            case 'W': return CharSet.Word.Copy().Complement();
            case 'p' or 'P': return ParseProperty(c == 'P');
        }

        literal = c switch
        {
            'r' => '\r',
            'n' => '\n',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'u' => ParseHex(4),
            'x' => Take('{') ? ParseHex(0) : ParseHex(2),
            _ when c < 128 && char.IsAsciiLetterOrDigit((char)c) => throw Refuse($"the escape \\{(char)c}"),
            _ => c,
        };
        return null;
    }

    private CharSet ParseProperty(bool complement)
    {
        int close = Next == '{' ? Array.IndexOf(_pattern, '}', _at) : -1;
        string name = close < 0 ? "" : CodePointText.ToText(_pattern.AsSpan(_at + 1, close - _at - 1));
        bool caret = name.StartsWith('^');
        CharSet set = CharSet.Category(caret ? name[1..] : name) ?? throw Refuse($"the property {name}");
        _at = close + 1;
        return complement != caret ? set.Complement() : set;
    }

    /// <summary>A number of fixed length, or of any length up to a closing brace.</summary>
    private int ParseHex(int length)
    {
        int close = length == 0 ? Array.IndexOf(_pattern, '}', _at) : _at + length;
        string digits = close < 0 || close > _pattern.Length ? "" : CodePointText.ToText(_pattern.AsSpan(_at, close - _at));
        if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is < 0 or > 0x10FFFF)
        {
            throw Refuse("a hexadecimal escape");
        }

        _at = length == 0 ? close + 1 : close;
        return value;
    }

    private bool Take(char c)
    {
        bool found = Next == c;
        _at += found ? 1 : 0;
        return found;
    }

    private TokenizerException Refuse(string what) => new(
        $"regex \"{(source.Length > 200 ? source[..200] + "..." : source)}\": {what} (near character {_at}) is not supported; "
        + "a tokenizer of a supported family has no such pattern");
}
