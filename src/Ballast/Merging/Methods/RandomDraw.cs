using System.Buffers.Binary;
using System.Text;
using Ballast.Checkpoints;

namespace Ballast.Merging.Methods;

/// <summary>Uniform numbers in [0, 1) by index: the i-th does not depend on who draws it or when.</summary>
/// <param name="key">Names the stream.</param>
/// <remarks>Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: the finalizer of SplitMix64 over a counter, 32 bits for each number.</remarks>
internal readonly struct RandomDraw(ulong key)
{
    /// <summary>The stream of one model and tensor in a run.</summary>
    public static RandomDraw For(long seed, string tensor, int model) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(Blake3.Hash(Encoding.UTF8.GetBytes($"{seed}\0{tensor}\0{model}"))));

    /// <summary>The number at <paramref name="index"/> as an integer below 2^32.</summary>
    public uint this[long index]
    {
        get
        {
            unchecked
            {
                ulong z = key + (ulong)(index >> 1) * 0x9E3779B97F4A7C15;
                z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                z ^= z >> 31;
                return (index & 1) == 0 ? (uint)z : (uint)(z >> 32);
            }
        }
    }

    /// <summary>The limit below which a number is drawn with this probability.</summary>
    public static ulong Limit(double probability) => (ulong)(Math.Clamp(probability, 0, 1) * 4294967296.0);
}

/// <summary>Keeps each entry with probability <c>density</c>.</summary>
/// <remarks>
/// Yu et al., "Language models are super Mario" (DARE), ICML 2024 (arXiv 2311.03099). The paper divides survivors by the density (<c>paper_form</c>);
/// mergekit's rescaling to the former sum of magnitudes equals that on average only.
/// </remarks>
internal sealed record DropAtRandom : Sparsifier
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Density];

    public override bool IsRandom => true;

    public override Thinning? Prepare(MergeTensor tensor, int model)
    {
        double density = tensor.Numbers["density", model];
        if (density >= 1)
        {
            return null;
        }

        RandomDraw draw = RandomDraw.For(tensor.Seed, tensor.Name, model);
        ulong limit = RandomDraw.Limit(density);
        float factor = density > 0 && tensor.Numbers.Is("paper_form") && tensor.Numbers.Is("rescale") ? (float)(1 / density) : 1;
        return (block, delta) =>
        {
            for (int i = 0; i < delta.Length; i++)
            {
                delta[i] = draw[block.Start + i] < limit ? delta[i] * factor : 0;
            }
        };
    }
}

/// <summary>Keeps the entry of rank r = 1..m within its row, by ascending magnitude, with probability density - epsilon + 2 epsilon (r - 1) / (m - 1).</summary>
/// <remarks>
/// Deep et al., "DELLA-Merging", 2024 (arXiv 2406.11617). A 1-D tensor is one row; a row of one entry is kept with probability density. The paper divides each survivor
/// by its own probability (<c>paper_form</c>), which leaves the mean unchanged; mergekit rescales the tensor as a whole, so large entries gain.
/// </remarks>
internal sealed record DropByRank : Sparsifier
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Density, new("epsilon", 0.15, PerModel: true)];

    public override bool IsRandom => true;

    public override bool NeedsRows(MethodNumbers numbers, int model) => numbers["density", model] is > 0 and < 1;

    public override string? Problem(MethodNumbers numbers, int model)
    {
        double density = numbers["density", model], epsilon = numbers["epsilon", model];
        return density is > 0 and < 1 && !(density - Math.Abs(epsilon) > 0 && density + Math.Abs(epsilon) < 1)
            ? $"density {density} and epsilon {epsilon}: density - epsilon must be above 0 and density + epsilon below 1"
            : null;
    }

    public override Thinning? Prepare(MergeTensor tensor, int model)
    {
        double density = tensor.Numbers["density", model], epsilon = tensor.Numbers["epsilon", model];
        if (density >= 1)
        {
            return null;
        }

        if (density <= 0)
        {
            return (_, delta) => delta.Clear();
        }

        RandomDraw draw = RandomDraw.For(tensor.Seed, tensor.Name, model);
        bool divides = tensor.Numbers.Is("paper_form") && tensor.Numbers.Is("rescale");
        int row = tensor.RowLength;
        double step = row > 1 ? 2 * epsilon / (row - 1) : 0, lowest = row > 1 ? density - epsilon : density;
        ulong[] limits = [.. Enumerable.Range(0, row).Select(rank => RandomDraw.Limit(lowest + step * rank))];
        return (block, delta) =>
        {
            int[] ranks = RankSort.Rent(row);
            for (int at = 0; at < delta.Length; at += row)
            {
                Span<float> entries = delta.Slice(at, row);
                RankSort.Ascending(entries, ranks);
                for (int rank = 0; rank < row; rank++)
                {
                    int i = ranks[rank];
                    bool kept = draw[block.Start + at + i] < limits[rank];
                    entries[i] = !kept ? 0 : divides ? (float)(entries[i] / (lowest + step * rank)) : entries[i];
                }
            }
        };
    }
}
