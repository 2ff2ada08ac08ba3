namespace Ballast.Chat.Jinja;

/// <summary>A parsed template, ready to be rendered any number of times.</summary>
internal sealed class Template
{
    /// <summary>Characters of the longest template read; the largest published ones have some 20,000.</summary>
    public const int MaxSource = 1_000_000;

    private readonly IReadOnlyList<Statement> _statements;

    public Template(string source, string name)
    {
        Name = name;
        if (source.Length > MaxSource)
        {
            throw new TemplateException($"{name}: the chat template has {source.Length} characters; at most {MaxSource} are read");
        }

        int line = 1;
        Parser? parser = null;
        try
        {
            parser = new Parser(Lexer.Read(source, ref line));
            _statements = parser.Parse();
            MarksGeneration = parser.MarksGeneration;
        }
        catch (JinjaException e)
        {
            throw new TemplateException($"{name}:{parser?.Line ?? line}: chat template: {e.Message}", e);
        }
    }

    /// <summary>File or other name, for messages.</summary>
    public string Name { get; }

    public bool MarksGeneration { get; }

    /// <summary>Renders with the variables; the clock is what strftime_now reads.</summary>
    public Rendering Render(IEnumerable<KeyValuePair<string, object?>> variables, DateTimeOffset now)
    {
        var scope = new Scope(Globals.Create(now));
        foreach ((string key, object? value) in variables)
        {
            scope.Set(key, value);
        }

        var run = new Interpreter(scope);
        try
        {
            run.Run(_statements);
            return new Rendering(run.Output, run.Spans, run.LostSpans);
        }
        catch (JinjaException e)
        {
            throw new TemplateException($"{Name}:{run.Line}: chat template: {e.Message}", e);
        }
        catch (RaisedByTemplateException e)
        {
            throw new TemplateException(e.Message, e);
        }
    }
}

/// <summary>What a template gave: its text, the spans of generation blocks in code points, and whether some of these could not be placed.</summary>
internal sealed record Rendering(string Text, List<(int Start, int End)> Spans, bool LostSpans);
