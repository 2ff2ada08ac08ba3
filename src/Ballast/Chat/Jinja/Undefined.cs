namespace Ballast.Chat.Jinja;

/// <summary>What a missing name, key or item gives: it prints as nothing and is false; any further use raises its message.</summary>
internal sealed class Undefined(string message)
{
    public JinjaException Used() => new(message);

    public static Undefined Name(string name) => new($"'{name}' is undefined");

    public static Undefined Member(object? owner, object? key) => new(
        key is string name
            ? $"'{Values.TypeName(owner)} object' has no attribute '{name}'"
            : $"{Values.TypeName(owner)} object has no element {Printer.Repr(key, new Budget())}");

    public static Undefined Unsafe(object? owner, string name) => new($"access to attribute '{name}' of '{Values.TypeName(owner)}' object is unsafe");
}
