namespace Ballast.Chat.Jinja;

/// <summary>{% for target in items if filter recursive %} ... {% else %} ... {% endfor %}; each turn has a scope of its own.</summary>
internal sealed class ForStatement(int line, Expression target, Expression items, Expression? filter, bool recursive, IReadOnlyList<Statement> body, IReadOnlyList<Statement> otherwise)
    : Statement(line)
{
    public override Flow Execute(Interpreter run) => Loop(run, items.Evaluate(run), run.Scope, 0);

    private Flow Loop(Interpreter run, object? iterable, Scope outer, int depth)
    {
        List<object?> turns = Values.ToList(iterable, run.Budget);
        if (filter is not null)
        {
            turns = [.. turns.Where(item => Values.Truth(run.Evaluate(filter, Bound(item, outer, run.Budget))))];
        }

        if (turns.Count == 0)
        {
            return run.RunScoped(otherwise, new Scope(outer));
        }

        var loop = new LoopValue(turns, depth, recursive ? new Callable("loop", args => Recurse(run, args, outer, depth + 1)) : null, run.Budget);
        while (loop.Next(out object? item))
        {
            run.Budget.Step(5);
            Scope inner = Bound(item, outer, run.Budget);
            inner.Set("loop", loop);
            if (run.RunScoped(body, inner) == Flow.Break)
            {
                break;
            }
        }

        return Flow.Normal;
    }

    private string Recurse(Interpreter run, Arguments arguments, Scope outer, int depth)
    {
        object? iterable = arguments.Bind("loop", 1, "iterable")[0];
        run.Budget.Enter();
        string text = run.Capture([new Inner(Line, () => Loop(run, iterable, outer, depth))], outer);
        run.Budget.Leave();
        return text;
    }

    private Scope Bound(object? item, Scope outer, Budget budget)
    {
        var inner = new Scope(outer);
        Assignment.Assign(target, item, inner, budget);
        return inner;
    }

    private sealed class Inner(int line, Func<Flow> body) : Statement(line)
    {
        public override Flow Execute(Interpreter run) => body();
    }
}
