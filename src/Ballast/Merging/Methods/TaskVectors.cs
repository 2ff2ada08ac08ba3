using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ballast.Merging.Methods;

/// <summary>
/// B + lambda sum w_i s_i(T_i - B) with a sparsifier s_i, with or without election of signs: task arithmetic, TIES, DARE, DELLA and Breadcrumbs are
/// this one method.
/// </summary>
/// <param name="Sparsifier">Which entries of a task vector stay.</param>
/// <param name="Consensus">True: per entry a sign is elected and only models of that sign count (Yadav et al., arXiv 2306.01708, section 4).</param>
/// <param name="Normalize">Default of <c>normalize</c>: divide by the weights of the models that count.</param>
/// <param name="Rescale">Default of <c>rescale</c>: give a thinned task vector its former sum of magnitudes.</param>
/// <remarks>
/// Ilharco et al., "Editing models with task arithmetic", ICLR 2023 (arXiv 2212.04089). As in mergekit the vote is on weighted entries and the mean
/// is weighted; with <c>paper_form: true</c> both leave the weights out, as the TIES paper does, and entries that survive a random draw are divided by their probability.
/// </remarks>
internal sealed record TaskVectors(Sparsifier Sparsifier, bool Consensus, bool Normalize = false, bool Rescale = false) : MergeMethod
{
    /// <summary>Sum of magnitudes below which nothing is rescaled.</summary>
    private const double SmallestSum = 1e-7;

    /// <summary>Sum of weights below which nothing is divided without consensus.</summary>
    private const double SmallestWeight = 1e-8;

    public override IReadOnlyList<MethodParameter> Parameters { get; } =
    [
        new("weight", null, PerModel: true), .. Sparsifier.Parameters, new("lambda", 1), new("normalize", Normalize ? 1 : 0, IsFlag: true),
        .. Sparsifier.Parameters.Count > 0 ? [new MethodParameter("rescale", Rescale ? 1 : 0, IsFlag: true)] : Array.Empty<MethodParameter>(),
        .. Consensus || Sparsifier.IsRandom ? [new MethodParameter("paper_form", 0, IsFlag: true)] : Array.Empty<MethodParameter>(),
    ];

    public override BaseRule Base => BaseRule.Required;

    public override bool NeedsRows(MethodNumbers numbers) => Enumerable.Range(0, numbers.Models).Any(m => Sparsifier.NeedsRows(numbers, m));

    public override string? Problem(MethodNumbers numbers) =>
        Enumerable.Range(0, numbers.Models).Select(m => Sparsifier.Problem(numbers, m)).FirstOrDefault(p => p is not null);

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        MethodNumbers numbers = tensor.Numbers;
        bool paper = (Consensus || Sparsifier.IsRandom) && numbers.Is("paper_form");
        double lambda = numbers["lambda"];
        double[] weights = numbers.All("weight");
        Thinning?[] thinnings = [.. Enumerable.Range(0, tensor.Models).Select(m => weights[m] == 0 ? null : Sparsifier.Prepare(tensor, m))];
        double[] factors = Factors(tensor, thinnings, paper);
        bool normalize = numbers.Is("normalize");
        if (Consensus && weights.Count(w => w != 0) == 1)
        {
            // One model agrees with itself: what it keeps is divided by its own share.
            int only = Array.FindIndex(weights, w => w != 0);
            double share = paper ? 1 : normalize ? 1 : weights[only];
            float[] alone = [.. weights.Select((_, m) => m == only ? (float)(lambda * share * factors[m]) : 0)];
            return (block, result) => Add(block, thinnings, alone, result);
        }

        if (Consensus)
        {
            float[] scales = [.. weights.Select((w, m) => (float)((paper ? 1 : w) * factors[m]))];
            float[] shares = [.. weights.Select(w => paper ? 1 : (float)w)];
            return (block, result) => Elect(block, thinnings, scales, shares, normalize || paper, (float)lambda, result);
        }

        double sum = weights.Sum();
        double divisor = normalize && Math.Abs(sum) >= SmallestWeight ? sum : 1;
        float[] coefficients = [.. weights.Select((w, m) => (float)(lambda * w * factors[m] / divisor))];
        return (block, result) => Add(block, thinnings, coefficients, result);
    }

    /// <summary>The base plus weighted thinned task vectors.</summary>
    private static void Add(Block block, Thinning?[] thinnings, float[] coefficients, Span<float> result)
    {
        int last = Array.FindLastIndex(coefficients, c => c != 0);
        bool first = true;
        for (int m = 0; m <= last; m++)
        {
            if (coefficients[m] != 0)
            {
                Span<float> delta = block.Delta(m);
                thinnings[m]?.Invoke(block, delta);
                if (!(first && m == last && block.TryAddToBase(delta, coefficients[m])))
                {
                    Kernels.AddScaled(delta, coefficients[m], first ? block.Base : result, result);
                }

                first = false;
            }
        }

        if (first)
        {
            block.Base.CopyTo(result);
        }
    }

    /// <summary>What each thinned task vector is multiplied by: the ratio of the sums of magnitudes, or 1.</summary>
    private double[] Factors(MergeTensor tensor, Thinning?[] thinnings, bool paper)
    {
        double[] factors = [.. Enumerable.Repeat(1.0, tensor.Models)];
        if (thinnings.All(t => t is null) || !tensor.Numbers.Is("rescale"))
        {
            return factors;
        }

        if (paper && Sparsifier.IsRandom)
        {
            // The draw itself divides by the probability.
            return factors;
        }

        double[] sums = tensor.Sum(2 * factors.Length, (block, sum) =>
        {
            for (int m = 0; m < factors.Length; m++)
            {
                if (thinnings[m] is { } thinning)
                {
                    Span<float> delta = block.Delta(m);
                    sum[2 * m] += TensorPrimitives.SumOfMagnitudes<float>(delta);
                    thinning(block, delta);
                    sum[2 * m + 1] += TensorPrimitives.SumOfMagnitudes<float>(delta);
                }
            }
        });
        for (int m = 0; m < factors.Length; m++)
        {
            factors[m] = sums[2 * m] > SmallestSum && sums[2 * m + 1] > SmallestSum ? sums[2 * m] / sums[2 * m + 1] : 1;
        }

        return factors;
    }

    /// <summary>Per entry: the sign of the sum (0 counts as +), then the sum of the entries of that sign, divided by their shares.</summary>
    private static void Elect(
        Block block, Thinning?[] thinnings, float[] scales, float[] shares, bool normalize, float lambda, Span<float> result)
    {
        Span<float> sum = block.Scratch(0), divisor = block.Scratch(1);
        sum.Clear();
        for (int m = 0; m < scales.Length; m++)
        {
            if (scales[m] != 0)
            {
                Span<float> delta = block.Delta(m);
                thinnings[m]?.Invoke(block, delta);
                Kernels.Scale(delta, scales[m], delta);
                TensorPrimitives.Add(sum, delta, sum);
            }
        }

        result.Clear();
        divisor.Clear();
        for (int m = 0; m < scales.Length; m++)
        {
            if (scales[m] != 0)
            {
                AddAgreeing(block.Prepared(m), sum, shares[m], result, divisor);
            }
        }

        ReadOnlySpan<Vector<float>> d = MemoryMarshal.Cast<float, Vector<float>>(divisor);
        if (normalize)
        {
            Span<Vector<float>> r = MemoryMarshal.Cast<float, Vector<float>>(result);
            for (int i = 0; i < r.Length; i++)
            {
                r[i] /= Vector.ConditionalSelect(Vector.Equals(d[i], Vector<float>.Zero), Vector<float>.One, d[i]);
            }

            for (int i = r.Length * Vector<float>.Count; i < result.Length; i++)
            {
                result[i] /= divisor[i] == 0 ? 1 : divisor[i];
            }
        }

        Kernels.AddScaled(result, lambda, block.Base, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddAgreeing(ReadOnlySpan<float> entries, ReadOnlySpan<float> vote, float share, Span<float> sum, Span<float> shares)
    {
        int i = 0;
        Vector<float> part = new(share);
        for (; i <= entries.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> x = new(entries[i..]), v = new(vote[i..]);
            Vector<int> agrees = Vector.ConditionalSelect(
                Vector.GreaterThanOrEqual(v, Vector<float>.Zero), Vector.GreaterThan(x, Vector<float>.Zero), Vector.LessThan(x, Vector<float>.Zero));
            Vector<float> mask = Vector.AsVectorSingle(agrees);
            (new Vector<float>(sum[i..]) + Vector.BitwiseAnd(x, mask)).CopyTo(sum[i..]);
            (new Vector<float>(shares[i..]) + Vector.BitwiseAnd(part, mask)).CopyTo(shares[i..]);
        }

        for (; i < entries.Length; i++)
        {
            if (vote[i] >= 0 ? entries[i] > 0 : entries[i] < 0)
            {
                sum[i] += entries[i];
                shares[i] += share;
            }
        }
    }
}
