using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Reads expressions with Jinja's precedence: "~" binds tighter than + and -, looser than * and /; filters and tests bind tightest.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private const int MaxDepth = 200;
    private int _depth;

    /// <summary>Names met since the innermost macro began; it tells which of caller, varargs and kwargs a macro takes.</summary>
    public HashSet<string> NamesMet { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Above zero inside if: an unknown filter or test there is an error only when it is reached.</summary>
    public int Conditionals { get; set; }

    public Expression Parse(bool withConditional = true)
    {
        if (++_depth > MaxDepth)
        {
            throw new JinjaException($"an expression nested more than {MaxDepth} deep");
        }

        Expression expression = withConditional ? ParseConditional() : ParseOr();
        _depth--;
        return expression;
    }

    /// <summary>One expression, or several with commas, which make a tuple.</summary>
    public Expression ParseTuple(bool withConditional = true, string? endName = null, bool inParentheses = false)
    {
        var items = new List<Expression>();
        bool isTuple = false;
        while (!AtTupleEnd(endName))
        {
            items.Add(Parse(withConditional));
            if (!tokens.Skip(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple || (items.Count == 0 && inParentheses) ? new TupleDisplay(items)
            : items.Count == 1 ? items[0]
            : throw tokens.Unexpected("an expression");
    }

    /// <summary>The target of set, for and with: a name, several names, or an attribute of a namespace.</summary>
    public Expression ParseTarget(bool single = false)
    {
        var items = new List<Expression>();
        bool isTuple = false;
        do
        {
            if (items.Count > 0 && (tokens.Current.IsName("in") || tokens.Current.Is("=") || tokens.Current.Is(")")))
            {
                break;
            }

            if (tokens.Skip("("))
            {
                items.Add(ParseTarget());
                tokens.ExpectOperator(")");
            }
            else
            {
                string name = tokens.Expect(TokenKind.Name, "a name to assign to").Text;
                if (name is "true" or "false" or "none" or "True" or "False" or "None")
                {
                    throw new JinjaException($"cannot assign to '{name}'");
                }

                items.Add(tokens.Skip(".") ? new AttributeAccess(new Name(name), tokens.Expect(TokenKind.Name, "an attribute").Text) : new Name(name));
            }

            isTuple |= !single && tokens.Current.Is(",");
        }
        while (!single && tokens.Skip(","));

        return isTuple ? new TupleDisplay(items) : items[0];
    }

    private bool AtTupleEnd(string? endName) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.Is(")") || (endName is not null && tokens.Current.IsName(endName));

    private Expression ParseConditional()
    {
        Expression value = ParseOr();
        while (tokens.SkipName("if"))
        {
            Conditionals++;
            Expression test = ParseOr();
            Expression? otherwise = tokens.SkipName("else") ? Parse() : null;
            Conditionals--;
            value = new Conditional(test, value, otherwise);
        }

        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.SkipName("or"))
        {
            left = new Junction(isAnd: false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.SkipName("and"))
        {
            left = new Junction(isAnd: true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        int count = 0;
        while (tokens.SkipName("not"))
        {
            count++;
        }

        Expression value = ParseComparison();
        for (; count > 0; count--)
        {
            value = new Not(value);
        }

        return value;
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            string? op = tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=" ? tokens.Take().Text
                : tokens.SkipName("in") ? "in"
                : tokens.Current.IsName("not") && tokens.Ahead.IsName("in") ? "not in" : null;
            if (op is null)
            {
                return rest.Count == 0 ? first : new Comparison(first, rest);
            }

            if (op == "not in")
            {
                tokens.Take();
                tokens.Take();
            }

            rest.Add((op, ParseSum()));
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (tokens.Current.Is("+") || tokens.Current.Is("-"))
        {
            left = new Arithmetic(tokens.Take().Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        List<Expression> items = [ParseProduct()];
        while (tokens.Skip("~"))
        {
            items.Add(ParseProduct());
        }

        return items.Count == 1 ? items[0] : new Concatenation(items);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (tokens.Current.Is("*") || tokens.Current.Is("/") || tokens.Current.Is("//") || tokens.Current.Is("%"))
        {
            left = new Arithmetic(tokens.Take().Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(withFilters: true);
        while (tokens.Skip("**"))
        {
            left = new Arithmetic("**", left, ParseUnary(withFilters: true));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        if (++_depth > MaxDepth)
        {
            throw new JinjaException($"an expression nested more than {MaxDepth} deep");
        }

        Expression value = tokens.Skip("-") ? new Negation(ParseUnary(withFilters: false))
            : tokens.Skip("+") ? ParseUnary(withFilters: false)
            : ParsePrimary();
        var postfix = new PostfixParser(tokens, this);
        value = postfix.ParseMembers(value);
        value = withFilters ? postfix.ParseFiltersAndTests(value) : value;
        _depth--;
        return value;
    }

    public Expression ParsePrimary()
    {
        Token token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                if (token.Text is "true" or "True" or "false" or "False" or "none" or "None")
                {
                    return new Literal(token.Text is "none" or "None" ? null : token.Text is "true" or "True");
                }

                NamesMet.Add(token.Text);
                return new Name(token.Text);
            case TokenKind.String:
                var text = new System.Text.StringBuilder(token.Text);
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text.Append(tokens.Take().Text);
                }

                return new Literal(text.ToString());
            case TokenKind.Integer:
                return new Literal(Integer(token.Text));
            case TokenKind.Float:
                return new Literal(Numbers.ParseFloat(token.Text));
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(inParentheses: true);
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListDisplay(Items("]", () => Parse()));
            case TokenKind.Operator when token.Text == "{":
                return new DictDisplay(Items("}", () =>
                {
                    Expression key = Parse();
                    tokens.ExpectOperator(":");
                    return (key, Parse());
                }));
            default:
                throw new JinjaException($"expected an expression, got {token}");
        }
    }

    private List<T> Items<T>(string close, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.Skip(close))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.Skip(close))
                {
                    break;
                }
            }

            items.Add(parse());
        }

        return items;
    }

    private static BigInteger Integer(string text) =>
        Numbers.ParseInt(text, text.Length < 2 ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 }) is BigInteger value
            ? value
            : throw new JinjaException($"'{text}' is not a number");
}
