namespace Ballast.Chat.Jinja;

/// <summary>What follows a primary expression: members, calls, filters and tests.</summary>
internal sealed class PostfixParser(TokenStream tokens, ExpressionParser expressions)
{
    public Expression ParseMembers(Expression value)
    {
        while (true)
        {
            if (tokens.Skip("."))
            {
                Token member = tokens.Take();
                value = member.Kind switch
                {
                    TokenKind.Name => new AttributeAccess(value, member.Text),
                    TokenKind.Integer => new ItemAccess(value, new Literal(Numbers.ParseInt(member.Text, 10))),
                    _ => throw new JinjaException($"expected a name or a number after '.', got {member}"),
                };
            }
            else if (tokens.Skip("["))
            {
                value = ParseSubscript(value);
                tokens.ExpectOperator("]");
            }
            else if (tokens.Current.Is("("))
            {
                value = new Call(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    public Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.Current.Is("|"))
            {
                value = ParseFilters(value);
            }
            else if (tokens.SkipName("is"))
            {
                value = ParseTest(value);
            }
            else if (tokens.Current.Is("("))
            {
                value = new Call(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    /// <summary>| filter | filter(...); the value is null where a block's body stands in for it.</summary>
    public FilterUse ParseFilters(Expression? value, bool first = false)
    {
        FilterUse? use = null;
        while (first || tokens.Skip("|"))
        {
            first = false;
            string name = DottedName("the name of a filter");
            Filters.Filter? filter = Filters.Find(name);
            if (filter is null && expressions.Conditionals == 0)
            {
                throw new JinjaException($"No filter named '{name}'.");
            }

            use = new FilterUse(use ?? value, name, filter, tokens.Current.Is("(") ? ParseArguments() : ArgumentList.Empty);
        }

        return use!;
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? rest = null;
        Expression? namedRest = null;
        for (bool first = true; !tokens.Skip(")"); first = false)
        {
            if (!first)
            {
                tokens.ExpectOperator(",");
                if (tokens.Skip(")"))
                {
                    break;
                }
            }

            if (namedRest is not null || (rest is not null && tokens.Current.Is("*")))
            {
                throw new JinjaException("invalid syntax for function call expression");
            }

            if (tokens.Skip("*"))
            {
                rest = expressions.Parse();
            }
            else if (tokens.Skip("**"))
            {
                namedRest = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Ahead.Is("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, expressions.Parse()));
            }
            else if (named.Count > 0 || rest is not null)
            {
                throw new JinjaException("a positional argument after a keyword argument");
            }
            else
            {
                positional.Add(expressions.Parse());
            }
        }

        return new ArgumentList(positional, named, rest, namedRest);
    }

    private Expression ParseSubscript(Expression owner)
    {
        Expression? start = tokens.Current.Is(":") ? null : expressions.Parse();
        if (tokens.Current.Is(",") && start is not null)
        {
            var items = new List<Expression> { start };
            while (tokens.Skip(","))
            {
                items.Add(expressions.Parse());
            }

            return new ItemAccess(owner, new TupleDisplay(items));
        }

        if (!tokens.Skip(":"))
        {
            return new ItemAccess(owner, start!);
        }

        Expression? stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : expressions.Parse();
        Expression? step = tokens.Skip(":") && !tokens.Current.Is("]") ? expressions.Parse() : null;
        return new SliceAccess(owner, start, stop, step);
    }

    // The argument of a test may follow it without parentheses, "if" included: "x is defined if y" asks for a test with the argument "if".
    private Expression ParseTest(Expression value)
    {
        bool negated = tokens.SkipName("not");
        string name = DottedName("the name of a test");
        Token next = tokens.Current;
        ArgumentList arguments = ArgumentList.Empty;
        if (next.Is("("))
        {
            arguments = ParseArguments();
        }
        else if ((next.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float && !(next.IsName("else") || next.IsName("or") || next.IsName("and")))
            || next.Is("[") || next.Is("{"))
        {
            arguments = next.IsName("is")
                ? throw new JinjaException("You cannot chain multiple tests with is")
                : ArgumentList.Empty with { Positional = [ParseMembers(expressions.ParsePrimary())] };
        }

        Tests.Test? test = Tests.Find(name);
        if (test is null && expressions.Conditionals == 0)
        {
            throw new JinjaException($"No test named '{name}'.");
        }

        Expression use = new TestUse(value, name, test, arguments);
        return negated ? new Not(use) : use;
    }

    private string DottedName(string what)
    {
        string name = tokens.Expect(TokenKind.Name, what).Text;
        while (tokens.Skip("."))
        {
            name += "." + tokens.Expect(TokenKind.Name, what).Text;
        }

        return name;
    }
}
