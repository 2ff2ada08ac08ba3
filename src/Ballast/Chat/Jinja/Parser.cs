namespace Ballast.Chat.Jinja;

/// <summary>Reads a template's text and tags into statements.</summary>
internal sealed class Parser
{
    private const int MaxDepth = 100;

    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private readonly PostfixParser _postfix;
    private int _depth;

    public Parser(IReadOnlyList<Token> tokens)
    {
        _tokens = new TokenStream(tokens);
        _expressions = new ExpressionParser(_tokens);
        _postfix = new PostfixParser(_tokens, _expressions);
    }

    /// <summary>Line of the token at hand, for messages.</summary>
    public int Line => _tokens.Current.Line;

    /// <summary>Whether the template has {% generation %} blocks.</summary>
    public bool MarksGeneration { get; private set; }

    public IReadOnlyList<Statement> Parse()
    {
        List<Statement> statements = ParseBody();
        return _tokens.Current.Kind == TokenKind.End ? statements : throw new JinjaException($"Encountered unknown tag '{_tokens.Ahead.Text}'.");
    }

    // Statements up to one of the end tags, whose "{%" and name are taken.
    private List<Statement> ParseBody(params ReadOnlySpan<string> ends)
    {
        if (++_depth > MaxDepth)
        {
            throw new JinjaException($"blocks nested more than {MaxDepth} deep");
        }

        var statements = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Current;
            if (token.Kind == TokenKind.End && ends.Length > 0)
            {
                throw new JinjaException($"unexpected end of the template; expected {string.Join(" or ", ends.ToArray())}");
            }

            if (token.Kind == TokenKind.End || (token.Kind == TokenKind.BlockBegin && ends.Contains(_tokens.Ahead.Text)))
            {
                break;
            }

            statements.Add(ParseOne(_tokens.Take()));
        }

        if (ends.Length > 0)
        {
            _tokens.Take();
        }

        _depth--;
        return statements;
    }

    private Statement ParseOne(Token token)
    {
        if (token.Kind == TokenKind.Data)
        {
            return new TextStatement(token.Line, token.Text);
        }

        if (token.Kind == TokenKind.VariableBegin)
        {
            Expression value = _expressions.ParseTuple();
            _tokens.Expect(TokenKind.VariableEnd, "'}}'");
            return new PrintStatement(token.Line, value);
        }

        int line = token.Line;
        string tag = _tokens.Expect(TokenKind.Name, "the name of a tag").Text;
        return tag switch
        {
            "if" => ParseIf(line),
            "for" => ParseFor(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCall(line),
            "with" => ParseWith(line),
            "filter" => ParseFilterBlock(line),
            "generation" => ParseGeneration(line),
            "break" => new LoopControl(AtEnd(line), Flow.Break),
            "continue" => new LoopControl(AtEnd(line), Flow.Continue),
            "include" or "import" or "from" or "extends" => throw new JinjaException($"'{tag}' is not possible: a chat template stands alone"),
            _ => throw new JinjaException($"Encountered unknown tag '{tag}'."),
        };
    }

    private int AtEnd(int line)
    {
        _tokens.Expect(TokenKind.BlockEnd, "'%}'");
        return line;
    }

    private List<Statement> ParseBlock(string end)
    {
        AtEnd(0);
        List<Statement> body = ParseBody(end);
        _tokens.Take();
        AtEnd(0);
        return body;
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression?, IReadOnlyList<Statement>)>();
        _expressions.Conditionals++;
        for (string tag = "if"; tag != "endif"; tag = _tokens.Take().Text)
        {
            Expression? test = tag == "else" ? null : _expressions.ParseTuple(withConditional: false);
            AtEnd(line);
            branches.Add((test, tag == "else" ? ParseBody("endif") : ParseBody("elif", "else", "endif")));
        }

        _expressions.Conditionals--;
        AtEnd(line);
        return new IfStatement(line, branches);
    }

    private ForStatement ParseFor(int line)
    {
        Expression target = _expressions.ParseTarget();
        if (!_tokens.SkipName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }

        Expression items = _expressions.ParseTuple(withConditional: false, endName: "recursive");
        Expression? filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool recursive = _tokens.SkipName("recursive");
        AtEnd(line);
        List<Statement> body = ParseBody("endfor", "else");
        List<Statement> otherwise = [];
        if (_tokens.Take().Text == "else")
        {
            AtEnd(line);
            otherwise = ParseBody("endfor");
            _tokens.Take();
        }

        return new ForStatement(AtEnd(line), target, items, filter, recursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        Expression target = _expressions.ParseTarget();
        if (_tokens.Skip("="))
        {
            Expression value = _expressions.ParseTuple();
            return new SetStatement(AtEnd(line), target, value);
        }

        FilterUse? filter = _tokens.Current.Is("|") ? _postfix.ParseFilters(null) : null;
        return new SetBlockStatement(line, target, filter, ParseBlock("endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of a macro").Text;
        return new MacroStatement(line, ParseMacroRest(name, ParseParameters(), "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        IReadOnlyList<(string, Expression?)> parameters = _tokens.Current.Is("(") ? ParseParameters() : [];
        Call call = _expressions.Parse() as Call ?? throw new JinjaException("expected a call");
        return new CallStatement(line, call, ParseMacroRest("caller", parameters, "endcall"));
    }

    private Macro ParseMacroRest(string name, IReadOnlyList<(string Name, Expression? Default)> parameters, string end)
    {
        HashSet<string> outer = _expressions.NamesMet;
        _expressions.NamesMet = new HashSet<string>(StringComparer.Ordinal);
        List<Statement> body = ParseBlock(end);
        HashSet<string> uses = _expressions.NamesMet;
        uses.ExceptWith(parameters.Select(parameter => parameter.Name));
        _expressions.NamesMet = outer;
        return new Macro(name, parameters, body, uses);
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        var parameters = new List<(string, Expression?)>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Skip(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            string name = _tokens.Expect(TokenKind.Name, "the name of a parameter").Text;
            Expression? fallback = _tokens.Skip("=") ? _expressions.Parse() : null;
            parameters.Add(fallback is null && parameters.Count > 0 && parameters[^1].Item2 is not null
                ? throw new JinjaException("non-default argument follows default argument")
                : (name, fallback));
        }

        return parameters;
    }

    private WithStatement ParseWith(int line)
    {
        var bindings = new List<(Expression, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (bindings.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            Expression target = _expressions.ParseTarget(single: true);
            _tokens.ExpectOperator("=");
            bindings.Add((target, _expressions.Parse()));
        }

        return new WithStatement(line, bindings, ParseBlock("endwith"));
    }

    private FilterStatement ParseFilterBlock(int line)
    {
        FilterUse filter = _postfix.ParseFilters(null, first: true);
        return new FilterStatement(line, filter, ParseBlock("endfilter"));
    }

    private GenerationStatement ParseGeneration(int line)
    {
        MarksGeneration = true;
        return new GenerationStatement(line, ParseBlock("endgeneration"));
    }
}
