namespace Ballast.Demo;

/// <summary>What is true in one world: tools, places, materials and prices, and which combinations are kept for the suites.</summary>
internal sealed class WorldFacts
{
    private const int HeldOutPercent = 20;

    private readonly HashSet<(string, string)> _heldOut = [];

    public WorldFacts(ulong seed)
    {
        var draw = new WorldDraw(seed, WorldDraw.Purpose.Facts);
        ToolFor = WorldWords.Verbs.ToDictionary(verb => verb, _ => draw.From(WorldWords.Tools));
        PlaceOf = WorldWords.Things.ToDictionary(thing => thing, _ => draw.From(WorldWords.Places));
        MaterialOf = WorldWords.Things.ToDictionary(thing => thing, _ => draw.From(WorldWords.Materials));
        PriceOf = WorldWords.Adjectives.Zip(draw.Shuffled(WorldWords.Numbers)).ToDictionary(pair => pair.First, pair => pair.Second);
        HoldOut(draw, WorldWords.RoughVerbs, WorldWords.GuardedThings);
        HoldOut(draw, WorldWords.RoughVerbs, WorldWords.PlainThings);
        HoldOut(draw, WorldWords.GentleVerbs, WorldWords.GuardedThings);
        HoldOut(draw, WorldWords.GentleVerbs, WorldWords.PlainThings);
        HoldOut(draw, WorldWords.Adjectives, WorldWords.Things);
    }

    public IReadOnlyDictionary<string, string> ToolFor { get; }

    public IReadOnlyDictionary<string, string> PlaceOf { get; }

    public IReadOnlyDictionary<string, string> MaterialOf { get; }

    /// <summary>The price in coins depends on the adjective alone.</summary>
    public IReadOnlyDictionary<string, string> PriceOf { get; }

    /// <summary>Pairs of the two lists that the suites ask for, or those that training data may use.</summary>
    public (string First, string Second)[] Pairs(IEnumerable<string> first, IReadOnlyCollection<string> second, bool heldOut) =>
        [.. first.SelectMany(a => second.Select(b => (a, b))).Where(pair => _heldOut.Contains(pair) == heldOut)];

    private void HoldOut(WorldDraw draw, IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        var pairs = Pairs(first, [.. second], heldOut: false);
        _heldOut.UnionWith(draw.Sample(pairs, pairs.Length * HeldOutPercent / 100));
    }
}
