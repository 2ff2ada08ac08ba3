using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>How a statement ended: normally, or with a break or continue for the loop around it.</summary>
internal enum Flow
{
    Normal,
    Break,
    Continue,
}

/// <summary>The state of one rendering: scope, output, budget and the spans of generation blocks.</summary>
internal sealed class Interpreter(Scope scope)
{
    private StringBuilder _output = new();
    private int _captures;
    private int _codePoints;
    private bool _generating;

    public Budget Budget { get; } = new();

    public Scope Scope { get; private set; } = scope;

    /// <summary>Line of the statement being run, for messages.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Spans of generation blocks in code points of the output.</summary>
    public List<(int Start, int End)> Spans { get; } = [];

    /// <summary>Whether a generation block ran inside a macro, a call, a filter or a captured set, where its place in the output is not known.</summary>
    public bool LostSpans { get; private set; }

    public string Output => _output.ToString();

    public void Write(string text)
    {
        Budget.Make(text.Length);
        Budget.CheckText((long)_output.Length + text.Length);
        _output.Append(text);
        _codePoints += _captures == 0 ? CodePoints.Count(text) : 0;
    }

    public Flow Run(IReadOnlyList<Statement> body)
    {
        foreach (Statement statement in body)
        {
            Budget.Step();
            Budget.CheckStack();
            Line = statement.Line;
            Flow flow = statement.Execute(this);
            if (flow != Flow.Normal)
            {
                return flow;
            }
        }

        return Flow.Normal;
    }

    /// <summary>Runs a body in a scope of its own.</summary>
    public Flow RunScoped(IReadOnlyList<Statement> body, Scope inner)
    {
        Scope outer = Scope;
        Scope = inner;
        Flow flow = Run(body);
        Scope = outer;
        return flow;
    }

    /// <summary>Runs a body in a scope of its own and returns its output.</summary>
    public string Capture(IReadOnlyList<Statement> body, Scope inner)
    {
        (StringBuilder output, int line) = (_output, Line);
        _output = new StringBuilder();
        _captures++;
        RunScoped(body, inner);
        _captures--;
        string captured = _output.ToString();
        (_output, Line) = (output, line);
        return captured;
    }

    /// <summary>Runs a generation block and records its span; a block inside another one belongs to that.</summary>
    public Flow RunGeneration(IReadOnlyList<Statement> body)
    {
        (int start, bool isInner) = (_codePoints, _generating);
        _generating = true;
        Flow flow = RunScoped(body, new Scope(Scope));
        _generating = isInner;
        LostSpans |= _captures > 0;
        if (_captures == 0 && !isInner)
        {
            Spans.Add((start, _codePoints));
        }

        return flow;
    }

    public object? Evaluate(Expression expression, Scope inner)
    {
        Scope outer = Scope;
        Scope = inner;
        object? value = expression.Evaluate(this);
        Scope = outer;
        return value;
    }

    public static object? Call(object? callee, Arguments arguments)
    {
        return callee switch
        {
            Callable function => function.Body(arguments),
            LoopValue loop => loop.Call(arguments),
            Undefined undefined => throw undefined.Used(),
            _ => throw new JinjaException($"'{Values.TypeName(callee)}' object is not callable"),
        };
    }
}
