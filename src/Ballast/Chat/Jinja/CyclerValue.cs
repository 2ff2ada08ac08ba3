namespace Ballast.Chat.Jinja;

/// <summary>What cycler(...) makes: its items in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<object?> items)
{
    private int _at;

    public object? Attribute(string name) => name switch
    {
        "current" => items[_at],
        "next" => new Callable(name, _ =>
        {
            object? item = items[_at];
            _at = (_at + 1) % items.Count;
            return item;
        }),
        "reset" => new Callable(name, _ =>
        {
            _at = 0;
            return null;
        }),
        _ => Members.Absent,
    };
}
