using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>The variable loop inside a for loop.</summary>
internal sealed class LoopValue(List<object?> items, int depth, Callable? recurse, Budget budget)
{
    private object? _changed = BoundArguments.Missing;

    public int Index0 { get; private set; } = -1;

    public int Length => items.Count;

    public bool Next(out object? item)
    {
        Index0++;
        bool more = Index0 < items.Count;
        item = more ? items[Index0] : null;
        return more;
    }

    /// <summary>The items still to come, which taking them here uses up.</summary>
    public IEnumerable<object?> Rest()
    {
        while (Next(out object? item))
        {
            yield return item;
        }
    }

    public object? Call(Arguments arguments) => recurse is null
        ? throw new JinjaException("only loops marked 'recursive' can be called")
        : recurse.Body(arguments);

    public object? Attribute(string name) => name switch
    {
        "cycle" => new Callable(name, args => args.Positional.Count > 0 ? args.Positional[Index0 % args.Positional.Count] : throw new JinjaException("no items for cycling given")),
        "changed" => new Callable(name, args => Changed(args)),
        "index" => new BigInteger(Index0 + 1),
        "index0" => new BigInteger(Index0),
        "revindex" => new BigInteger(Length - Index0),
        "revindex0" => new BigInteger(Length - Index0 - 1),
        "first" => Index0 == 0,
        "last" => Index0 == Length - 1,
        "length" => new BigInteger(Length),
        "depth" => new BigInteger(depth + 1),
        "depth0" => new BigInteger(depth),
        "previtem" => Index0 > 0 ? items[Index0 - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index0 + 1 < Length ? items[Index0 + 1] : new Undefined("there is no next item"),
        _ => Members.Absent,
    };

    private bool Changed(Arguments arguments)
    {
        var now = new TupleValue(arguments.Positional);
        bool changed = !Equality.Same(_changed, now, budget);
        _changed = now;
        return changed;
    }
}
