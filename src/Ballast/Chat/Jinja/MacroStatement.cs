namespace Ballast.Chat.Jinja;

/// <summary>The parameters and body of a macro or of a call block.</summary>
/// <param name="Name">As messages name it.</param>
/// <param name="Parameters">Names with their defaults, which are evaluated at each call.</param>
/// <param name="Body">What is rendered.</param>
/// <param name="Uses">Which of caller, varargs and kwargs the body mentions; only these take extra arguments.</param>
internal sealed record Macro(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body, IReadOnlySet<string> Uses)
{
    /// <summary>The macro as a function that sees the scope where it was defined.</summary>
    public Callable Bind(Interpreter run, Scope defined) => new(Name, arguments =>
    {
        run.Budget.Enter();
        string text = run.Capture(Body, Locals(run, arguments, defined));
        run.Budget.Leave();
        return text;
    });

    private Scope Locals(Interpreter run, Arguments arguments, Scope defined)
    {
        var locals = new Scope(defined);
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, object? value) in arguments.Named)
        {
            named[name] = value;
        }

        for (int i = 0; i < Parameters.Count; i++)
        {
            (string name, Expression? fallback) = Parameters[i];
            if (i < arguments.Positional.Count)
            {
                locals.Set(name, named.ContainsKey(name) ? throw new JinjaException($"macro '{Name}' got multiple values for argument '{name}'") : arguments.Positional[i]);
            }
            else
            {
                locals.Set(name, named.Remove(name, out object? value) ? value
                    : fallback is not null ? run.Evaluate(fallback, locals)
                    : new Undefined($"parameter '{name}' was not provided"));
            }
        }

        if (Uses.Contains("caller"))
        {
            locals.Set("caller", named.Remove("caller", out object? caller) ? caller : new Undefined("No caller defined"));
        }

        if (Uses.Contains("kwargs"))
        {
            var rest = new DictValue();
            foreach ((string name, object? value) in named)
            {
                rest.Set(name, value);
            }

            locals.Set("kwargs", rest);
            named.Clear();
        }

        if (Uses.Contains("varargs"))
        {
            locals.Set("varargs", new TupleValue([.. arguments.Positional.Skip(Parameters.Count)]));
        }
        else if (arguments.Positional.Count > Parameters.Count)
        {
            throw new JinjaException($"macro '{Name}' takes not more than {Parameters.Count} arguments");
        }

        return named.Count == 0 ? locals : throw new JinjaException($"macro '{Name}' takes no keyword argument '{named.Keys.First()}'");
    }
}

internal sealed class MacroStatement(int line, Macro macro) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        run.Scope.Set(macro.Name, macro.Bind(run, run.Scope));
        return Flow.Normal;
    }
}

/// <summary>{% call(x) macro(...) %} ... {% endcall %}: the body reaches the macro as caller.</summary>
internal sealed class CallStatement(int line, Call call, Macro body) : Statement(line)
{
    public override Flow Execute(Interpreter run)
    {
        Arguments arguments = call.Arguments.Evaluate(run);
        arguments = arguments with { Named = [.. arguments.Named, new("caller", body.Bind(run, run.Scope))] };
        run.Write(Printer.Text(Interpreter.Call(call.Callee.Evaluate(run), arguments), run.Budget));
        return Flow.Normal;
    }
}
