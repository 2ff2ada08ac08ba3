namespace Ballast.Tokenizers.Patterns;

/// <summary>A parsed regular expression.</summary>
internal abstract record PatternNode
{
    public abstract bool CanBeEmpty { get; }

    public sealed record One(CharSet Set) : PatternNode
    {
        public override bool CanBeEmpty => false;
    }

    public sealed record Concatenation(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override bool CanBeEmpty => Parts.All(p => p.CanBeEmpty);
    }

    public sealed record Alternation(IReadOnlyList<PatternNode> Branches) : PatternNode
    {
        public override bool CanBeEmpty => Branches.Any(b => b.CanBeEmpty);
    }

    /// <summary>Min to Max times (Max -1: no end), as many as possible or, if Lazy, as few.</summary>
    public sealed record Repetition(PatternNode Body, int Min, int Max, bool Lazy) : PatternNode
    {
        public override bool CanBeEmpty => Min == 0 || Body.CanBeEmpty;
    }

    public sealed record LookAhead(PatternNode Body, bool Negative) : PatternNode
    {
        public override bool CanBeEmpty => true;
    }

    /// <summary>Keeps its first match: (?>...) and possessive repetitions.</summary>
    public sealed record Atomic(PatternNode Body) : PatternNode
    {
        public override bool CanBeEmpty => Body.CanBeEmpty;
    }
}
