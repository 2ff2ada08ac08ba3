namespace Ballast.Chat.Jinja;

/// <summary>The tokens of a template, read one after the other.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int _at;

    public Token Current => tokens[_at];

    public Token Ahead => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take()
    {
        Token token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    public bool Skip(string op) => Skip(Current.Is(op));

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    public void ExpectOperator(string op)
    {
        if (!Skip(op))
        {
            throw Unexpected($"'{op}'");
        }
    }

    public JinjaException Unexpected(string expected) => new($"expected {expected}, got {Current}");

    private bool Skip(bool present)
    {
        if (present)
        {
            Take();
        }

        return present;
    }
}
