namespace Ballast.Chat.Jinja;

/// <summary>A part of a template that is run: text, output or a tag.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    public abstract Flow Execute(Interpreter run);
}

internal sealed class TextStatement(int line, string text) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        run.Write(text);
        return Flow.Normal;
    }
}

internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        run.Write(Printer.Text(value.Evaluate(run), run.Budget));
        return Flow.Normal;
    }
}

internal sealed class IfStatement(int line, IReadOnlyList<(Expression? Test, IReadOnlyList<Statement> Body)> branches) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        foreach ((Expression? test, IReadOnlyList<Statement> body) in branches)
        {
            if (test is null || Values.Truth(test.Evaluate(run)))
            {
                return run.Run(body);
            }
        }

        return Flow.Normal;
    }
}

internal sealed class SetStatement(int line, Expression target, Expression value) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        Assignment.Assign(target, value.Evaluate(run), run.Scope, run.Budget);
        return Flow.Normal;
    }
}

/// <summary>{% set x | filter %} ... {% endset %}.</summary>
internal sealed class SetBlockStatement(int line, Expression target, FilterUse? filter, IReadOnlyList<Statement> body) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        object? text = run.Capture(body, new Scope(run.Scope));
        Assignment.Assign(target, filter is null ? text : filter.ApplyTo(text, run), run.Scope, run.Budget);
        return Flow.Normal;
    }
}

internal sealed class FilterStatement(int line, FilterUse filter, IReadOnlyList<Statement> body) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        run.Write(Printer.Text(filter.ApplyTo(run.Capture(body, new Scope(run.Scope)), run), run.Budget));
        return Flow.Normal;
    }
}

internal sealed class WithStatement(int line, IReadOnlyList<(Expression Target, Expression Value)> bindings, IReadOnlyList<Statement> body) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        // The values are those of the outer scope: in "with a = 1, b = a" the last a is the outer one.
        var inner = new Scope(run.Scope);
        foreach ((Expression target, Expression value) in bindings)
        {
            Assignment.Assign(target, value.Evaluate(run), inner, run.Budget);
        }

        return run.RunScoped(body, inner);
    }
}

/// <summary>{% generation %}: the text that the assistant writes.</summary>
internal sealed class GenerationStatement(int line, IReadOnlyList<Statement> body) : Statement(line)
{
    public override Flow Execute(Interpreter run) => run.RunGeneration(body);
}

internal sealed class LoopControl(int line, Flow flow) : Statement(line)
{
    public override Flow Execute(Interpreter run) => flow;
}
