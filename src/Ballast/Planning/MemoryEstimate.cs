namespace Ballast.Planning;

/// <summary>What one part of a run takes.</summary>
/// <param name="Name">The part.</param>
/// <param name="Bytes">Its size.</param>
public sealed record MemoryItem(string Name, long Bytes);

/// <summary>The moment of a run at which its tensors take the most memory.</summary>
/// <param name="Moment">What the run is doing then.</param>
/// <param name="Items">The parts, largest first.</param>
public sealed record MemoryEstimate(string Moment, IReadOnlyList<MemoryItem> Items)
{
    /// <summary>All of it, in bytes.</summary>
    public long Total => Items.Sum(item => item.Bytes);

    /// <summary>The parts in words, largest first: "optimizer moments 1.20 GiB, weights 620 MiB".</summary>
    public override string ToString() => string.Join(", ", Items.Select(item => $"{item.Name} {ByteSize.Text(item.Bytes)}"));
}
