namespace Ballast.Chat.Jinja;

/// <summary>Splits a template into text and tags, with trim_blocks, lstrip_blocks and the signs of {%-, -%}, {%+ and +%}.</summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _counted;
    private bool _lineStarting = true;

    private Lexer(string source)
    {
        // Line ends become \n, and one at the very end is dropped.
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>Line of the place reached, for messages.</summary>
    public static IReadOnlyList<Token> Read(string source, ref int line)
    {
        var lexer = new Lexer(source);
        try
        {
            lexer.ReadAll();
        }
        finally
        {
            line = lexer.Line();
        }

        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int begin = NextTag();
            if (begin < 0)
            {
                Add(TokenKind.Data, _source[_at..]);
                _at = _source.Length;
                break;
            }

            if (_source[begin + 1] == '{')
            {
                Open(begin, begin + 2, trims: false);
                Add(TokenKind.VariableBegin, "{{");
                ReadInside(TokenKind.VariableEnd);
            }
            else if (_source[begin + 1] == '#')
            {
                Open(begin, begin + 2, trims: true);
                SkipComment();
            }
            else if (RawEnd(begin) is { } raw)
            {
                Open(begin, begin + 2, trims: true);
                CloseAt(raw.End, raw.StripsBlanks);
                ReadRaw();
            }
            else
            {
                Open(begin, begin + 2, trims: true);
                Add(TokenKind.BlockBegin, "{%");
                ReadInside(TokenKind.BlockEnd);
            }
        }

        Add(TokenKind.End, "");
    }

    private int NextTag()
    {
        for (int at = _at; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    // Emits the text before a tag, stripped as the tag's sign or lstrip_blocks asks, and steps over the sign.
    private void Open(int begin, int inside, bool trims)
    {
        char sign = inside < _source.Length && _source[inside] is '-' or '+' ? _source[inside] : '\0';
        string text = _source[_at..begin];
        if (sign == '-')
        {
            text = CodePoints.Strip(text, null, left: false, right: true);
        }
        else if (sign != '+' && trims)
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarting) && IsBlank(text.AsSpan(lineStart)))
            {
                text = text[..lineStart];
            }
        }

        if (text.Length > 0)
        {
            Add(TokenKind.Data, text);
        }

        _at = inside + (sign == '\0' ? 0 : 1);
    }

    private static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!CodePoints.IsSpace(c))
            {
                return false;
            }
        }

        return true;
    }

    // Steps over the end of a tag; blanks after a '-', or for a trimming tag one line end, go with it.
    private void CloseAt(int end, bool stripsBlanks, bool trimsLine = false)
    {
        _at = end;
        if (stripsBlanks)
        {
            while (_at < _source.Length && CodePoints.IsSpace(_source[_at]))
            {
                _at++;
            }
        }
        else if (trimsLine && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }

        _lineStarting = _source[_at - 1] == '\n';
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new JinjaException("missing end of comment tag");
        }

        char sign = end > _at ? _source[end - 1] : '\0';
        CloseAt(end + 2, sign == '-', trimsLine: sign != '+');
    }

    // Where "{% raw %}" ends if it begins here.
    private (int End, bool StripsBlanks)? RawEnd(int begin)
    {
        int at = Blanks(begin + 2 + (begin + 2 < _source.Length && _source[begin + 2] is '-' or '+' ? 1 : 0));
        if (string.CompareOrdinal(_source, at, "raw", 0, 3) != 0)
        {
            return null;
        }

        at = Blanks(at + 3);
        return string.CompareOrdinal(_source, at, "-%}", 0, 3) == 0 ? (at + 3, true)
            : string.CompareOrdinal(_source, at, "%}", 0, 2) == 0 ? (at + 2, false)
            : null;
    }

    private void ReadRaw()
    {
        for (int begin = _at; (begin = _source.IndexOf("{%", begin, StringComparison.Ordinal)) >= 0; begin++)
        {
            int at = Blanks(begin + 2 + (begin + 2 < _source.Length && _source[begin + 2] is '-' or '+' ? 1 : 0));
            if (string.CompareOrdinal(_source, at, "endraw", 0, 6) != 0)
            {
                continue;
            }

            at = Blanks(at + 6);
            char sign = at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';
            at += sign == '\0' ? 0 : 1;
            if (string.CompareOrdinal(_source, at, "%}", 0, 2) == 0)
            {
                Open(begin, begin + 2, trims: true);
                CloseAt(at + 2, sign == '-', trimsLine: sign == '\0');
                return;
            }
        }

        throw new JinjaException("missing end of raw directive");
    }

    private int Blanks(int at)
    {
        while (at < _source.Length && CodePoints.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void ReadInside(TokenKind end)
    {
        string mark = end == TokenKind.BlockEnd ? "%}" : "}}";
        var open = new Stack<char>();
        while (true)
        {
            _at = Blanks(_at);
            if (open.Count == 0 && ClosesHere(mark, out char sign))
            {
                Add(end, mark);
                bool isBlock = end == TokenKind.BlockEnd;
                CloseAt(_at + 2 + (sign == '\0' ? 0 : 1), sign == '-', trimsLine: isBlock && sign == '\0');
                return;
            }

            if (_at >= _source.Length)
            {
                throw new JinjaException($"unexpected end of the template, expected '{mark}'");
            }

            (TokenKind kind, string text, int next) = Lexeme.Read(_source, _at);
            Add(kind, text);
            Balance(open, kind, text);
            _at = next;
        }
    }

    private bool ClosesHere(string mark, out char sign)
    {
        sign = _at < _source.Length && (_source[_at] == '-' || (_source[_at] == '+' && mark == "%}")) ? _source[_at] : '\0';
        return string.CompareOrdinal(_source, _at + (sign == '\0' ? 0 : 1), mark, 0, 2) == 0;
    }

    private static void Balance(Stack<char> open, TokenKind kind, string text)
    {
        if (kind != TokenKind.Operator)
        {
            return;
        }

        if (text is "(" or "[" or "{")
        {
            open.Push(text switch { "(" => ')', "[" => ']', _ => '}' });
        }
        else if (text is ")" or "]" or "}" && (open.Count == 0 || open.Pop() != text[0]))
        {
            throw new JinjaException($"unexpected '{text}'");
        }
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, Line()));

    private int Line()
    {
        _line += _source.AsSpan(_counted, _at - _counted).Count('\n');
        _counted = _at;
        return _line;
    }
}
