namespace Ballast.Chat.Jinja;

/// <summary>The arguments of one call, before they are bound to parameter names.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyList<KeyValuePair<string, object?>> Named)
{
    public static readonly Arguments None = new([], []);

    public static Arguments Of(params object?[] positional) => new(positional, []);

    /// <summary>Binds to parameters by position, then by name; the first <paramref name="required"/> of them must be given.</summary>
    public BoundArguments Bind(string function, int required, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw new JinjaException($"{function}() takes at most {parameters.Length} arguments, got {Positional.Count}");
        }

        var values = new object?[parameters.Length];
        Array.Fill(values, BoundArguments.Missing);
        for (int i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach ((string name, object? value) in Named)
        {
            int at = parameters.IndexOf(name);
            if (at < 0 || !ReferenceEquals(values[at], BoundArguments.Missing))
            {
                throw new JinjaException(at < 0 ? $"{function}() got an unexpected keyword argument '{name}'" : $"{function}() got multiple values for argument '{name}'");
            }

            values[at] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (ReferenceEquals(values[i], BoundArguments.Missing))
            {
                throw new JinjaException($"{function}() is missing the argument '{parameters[i]}'");
            }
        }

        return new BoundArguments(function, values);
    }

    /// <summary>These arguments without the first positional one.</summary>
    public Arguments Rest() => this with { Positional = [.. Positional.Skip(1)] };
}

/// <summary>Arguments by parameter, converted as Python would.</summary>
internal readonly record struct BoundArguments(string Function, object?[] Values)
{
    public static readonly object Missing = new();

    public object? this[int index] => Values[index];

    public bool Has(int index) => !ReferenceEquals(Values[index], Missing);

    public object? Or(int index, object? fallback) => Has(index) ? Values[index] : fallback;

    public string Text(int index) => Values[index] as string
        ?? throw new JinjaException($"{Function}() expects a string, got {Jinja.Values.TypeName(Values[index])}");

    public string Text(int index, string fallback) => Has(index) ? Text(index) : fallback;

    public bool Flag(int index, bool fallback) => Has(index) ? Jinja.Values.Truth(Values[index]) : fallback;

    public int Number(int index) => Numbers.ToIndex(Values[index]);

    public int Number(int index, int fallback) => Has(index) && Values[index] is not null ? Numbers.ToIndex(Values[index]) : fallback;
}
