namespace Ballast.Chat.Jinja;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression
{
    public object? Evaluate(Interpreter run)
    {
        run.Budget.Descend();
        object? value = Compute(run);
        run.Budget.Ascend();
        return value;
    }

    protected abstract object? Compute(Interpreter run);

    protected static void Step(Interpreter run)
    {
        run.Budget.Step();
        Budget.CheckStack();
    }
}

internal sealed class Literal(object? value) : Expression
{
    public object? Value { get; } = value;

    protected override object? Compute(Interpreter run) => Value;
}

internal sealed class Name(string id) : Expression
{
    public string Id { get; } = id;

    protected override object? Compute(Interpreter run) => run.Scope.Get(Id);
}

internal sealed class ListDisplay(IReadOnlyList<Expression> items) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return items.Select(item => item.Evaluate(run)).ToList();
    }
}

internal sealed class TupleDisplay(IReadOnlyList<Expression> items) : Expression
{
    public IReadOnlyList<Expression> Items { get; } = items;

    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return new TupleValue([.. Items.Select(item => item.Evaluate(run))]);
    }
}

internal sealed class DictDisplay(IReadOnlyList<(Expression Key, Expression Value)> items) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        var dict = new DictValue();
        foreach ((Expression key, Expression value) in items)
        {
            dict.Set(key.Evaluate(run), value.Evaluate(run));
        }

        return dict;
    }
}

internal sealed class AttributeAccess(Expression owner, string name) : Expression
{
    public Expression Owner { get; } = owner;

    public string Member { get; } = name;

    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Members.Attribute(Owner.Evaluate(run), Member, run.Budget);
    }
}

internal sealed class ItemAccess(Expression owner, Expression key) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Members.Item(owner.Evaluate(run), key.Evaluate(run), run.Budget);
    }
}

internal sealed class SliceAccess(Expression owner, Expression? start, Expression? stop, Expression? step) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Members.Slice(owner.Evaluate(run), start?.Evaluate(run), stop?.Evaluate(run), step?.Evaluate(run), run.Budget);
    }
}

/// <summary>The arguments as written in a call, with *list and **dict.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Rest, Expression? NamedRest)
{
    public static readonly ArgumentList Empty = new([], [], null, null);

    public Arguments Evaluate(Interpreter run)
    {
        if (Positional.Count == 0 && Named.Count == 0 && Rest is null && NamedRest is null)
        {
            return Arguments.None;
        }

        List<object?> positional = [.. Positional.Select(item => item.Evaluate(run))];
        List<KeyValuePair<string, object?>> named = [.. Named.Select(item => KeyValuePair.Create(item.Name, item.Value.Evaluate(run)))];
        if (Rest is not null)
        {
            positional.AddRange(Values.Iterate(Rest.Evaluate(run), run.Budget));
        }

        if (NamedRest?.Evaluate(run) is { } rest)
        {
            DictValue dict = rest as DictValue ?? throw new JinjaException($"the argument after ** must be a mapping, not {Values.TypeName(rest)}");
            named.AddRange(dict.Items.Select(item => KeyValuePair.Create(item.Key as string ?? throw new JinjaException("keywords must be strings"), item.Value)));
        }

        return new Arguments(positional, named);
    }
}

internal sealed class Call(Expression callee, ArgumentList arguments) : Expression
{
    public Expression Callee { get; } = callee;

    public ArgumentList Arguments { get; } = arguments;

    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Interpreter.Call(Callee.Evaluate(run), Arguments.Evaluate(run));
    }
}

/// <summary>value | filter(arguments); the body of a filter or set block stands in for the value where it is null.</summary>
internal sealed class FilterUse(Expression? value, string name, Filters.Filter? filter, ArgumentList arguments) : Expression
{
    public Expression? Value { get; } = value;

    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Apply(Value?.Evaluate(run), run);
    }

    /// <summary>The chain of filters from the innermost one, applied to a captured text.</summary>
    public object? ApplyTo(object? text, Interpreter run)
    {
        Step(run);
        return Apply(Value is FilterUse inner ? inner.ApplyTo(text, run) : text, run);
    }

    private object? Apply(object? input, Interpreter run) =>
        filter is null ? throw new JinjaException($"No filter named '{name}'.") : filter(input, arguments.Evaluate(run), run.Budget);
}

internal sealed class TestUse(Expression value, string name, Tests.Test? test, ArgumentList arguments) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        object? input = value.Evaluate(run);
        return test is null ? throw new JinjaException($"No test named '{name}'.") : test(input, arguments.Evaluate(run), run.Budget);
    }
}
