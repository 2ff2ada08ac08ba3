namespace Ballast.Tokenizers;

/// <summary>A text as token ids; all lists have one entry per id.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Offsets">Where each token stands in its text: [Start, End) in code points, (0, 0) for tokens that were added.</param>
public sealed record Encoding(int[] Ids, (int Start, int End)[] Offsets)
{
    /// <summary>Which text of a pair each token belongs to, as the file's post-processor numbers them; 0 for a single text.</summary>
    public int[] TypeIds { get; init; } = new int[Ids.Length];

    /// <summary>True for tokens that the post-processor or padding added, not for special tokens written in the text.</summary>
    public bool[] Added { get; init; } = new bool[Ids.Length];

    /// <summary>1 for tokens, 0 for padding.</summary>
    public int[] AttentionMask { get; init; } = Filled(Ids.Length, 1);

    /// <summary>What truncation cut off, in windows of the same length that overlap by the stride; empty without truncation.</summary>
    public IReadOnlyList<Encoding> Overflow { get; init; } = [];

    internal static Encoding Empty { get; } = new([], []);

    internal Encoding Slice(int start, int end) => new(Ids[start..end], Offsets[start..end])
    {
        TypeIds = TypeIds[start..end],
        Added = Added[start..end],
        AttentionMask = AttentionMask[start..end],
    };

    /// <summary>This encoding, then another; the overflow of both is dropped.</summary>
    internal Encoding Append(Encoding next) => new([.. Ids, .. next.Ids], [.. Offsets, .. next.Offsets])
    {
        TypeIds = [.. TypeIds, .. next.TypeIds],
        Added = [.. Added, .. next.Added],
        AttentionMask = [.. AttentionMask, .. next.AttentionMask],
    };

    internal static int[] Filled(int length, int value)
    {
        int[] filled = new int[length];
        Array.Fill(filled, value);
        return filled;
    }
}

/// <summary>Collects tokens while a text is encoded.</summary>
internal sealed class EncodingBuilder
{
    private readonly List<int> _ids = [];
    private readonly List<(int, int)> _offsets = [];

    public void Add(int id, int start, int end)
    {
        _ids.Add(id);
        _offsets.Add((start, end));
    }

    public int[] Ids() => [.. _ids];

    public Encoding Build() => new([.. _ids], [.. _offsets]);
}
