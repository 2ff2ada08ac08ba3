using System.Text;

namespace Ballast.Chat.Jinja;

internal sealed class Arithmetic(string op, Expression left, Expression right) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Operators.Apply(op, left.Evaluate(run), right.Evaluate(run), run.Budget);
    }
}

internal sealed class Negation(Expression operand) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Operators.Negate(operand.Evaluate(run));
    }
}

/// <summary>a ~ b ~ c: the printed forms joined.</summary>
internal sealed class Concatenation(IReadOnlyList<Expression> items) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        var text = new StringBuilder();
        foreach (Expression item in items)
        {
            text.Append(Printer.Text(item.Evaluate(run), run.Budget));
            Budget.CheckText(text.Length);
        }

        run.Budget.Make(text.Length);
        return text.ToString();
    }
}

/// <summary>A chain such as a == b, a &lt; b &lt; c or a not in b.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Operator, Expression Operand)> rest) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        object? left = first.Evaluate(run);
        foreach ((string op, Expression operand) in rest)
        {
            object? right = operand.Evaluate(run);
            if (!Holds(op, left, right, run.Budget))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static bool Holds(string op, object? a, object? b, Budget budget) => op switch
    {
        "==" => Equality.Same(a, b, budget),
        "!=" => !Equality.Same(a, b, budget),
        "<" => Equality.Order(a, b, budget) < 0,
        "<=" => Equality.Order(a, b, budget) <= 0,
        ">" => Equality.Order(a, b, budget) > 0,
        ">=" => Equality.Order(a, b, budget) >= 0,
        "in" => Equality.Contains(b, a, budget),
        _ => !Equality.Contains(b, a, budget),
    };
}

/// <summary>and, or: the operand that decides, as in Python.</summary>
internal sealed class Junction(bool isAnd, Expression left, Expression right) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        object? value = left.Evaluate(run);
        return Values.Truth(value) == isAnd ? right.Evaluate(run) : value;
    }
}

internal sealed class Not(Expression operand) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return !Values.Truth(operand.Evaluate(run));
    }
}

/// <summary>a if b else c; without else an undefined value.</summary>
internal sealed class Conditional(Expression test, Expression then, Expression? otherwise) : Expression
{
    protected override object? Compute(Interpreter run)
    {
        Step(run);
        return Values.Truth(test.Evaluate(run)) ? then.Evaluate(run)
            : otherwise is not null ? otherwise.Evaluate(run)
            : new Undefined("the inline if-expression evaluated to false and no else section was defined");
    }
}
