namespace Ballast.Merging.Methods;

/// <summary>Select, calculate, erase: keeps the entries in which the models differ most, weighs each model by the mean square of its task vector, elects signs.</summary>
/// <remarks>
/// Wan et al., "FuseChat", 2024 (arXiv 2408.07990), section 3.2. As in mergekit the weights become equal where the mean squares sum to less than
/// 1e-6, which is usual after fine-tuning, and entries in which all models moved alike fall away when <c>select_topk</c> is below 1.
/// </remarks>
internal sealed record Sce : MergeMethod
{
    private const double SmallestEnergy = 1e-6;
    private const float SmallestDivisor = 1e-6f;

    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("select_topk", 1)];

    public override BaseRule Base => BaseRule.Required;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        int models = tensor.Models;
        double share = tensor.Numbers["select_topk"];
        MagnitudeCut? cut = share < 1 ? Selection(tensor, share) : null;
        double[] squares = tensor.Sum(models, (block, sum) =>
        {
            for (int m = 0; m < models; m++)
            {
                foreach (float d in Selected(block, cut, m))
                {
                    sum[m] += (double)d * d;
                }
            }
        });
        double[] energies = [.. squares.Select(s => s / tensor.Count)];
        double total = energies.Sum();
        float[] weights = [.. energies.Select(e => (float)(total < SmallestEnergy ? 1.0 / models : e / total))];
        return (block, result) =>
        {
            Span<float> vote = block.Scratch(2);
            vote.Clear();
            for (int m = 0; m < models; m++)
            {
                ReadOnlySpan<float> delta = Selected(block, cut, m);
                for (int i = 0; i < vote.Length; i++)
                {
                    vote[i] += delta[i];
                }
            }

            ReadOnlySpan<float> origin = block.Base;
            for (int i = 0; i < result.Length; i++)
            {
                float sum = 0, divisor = 0;
                for (int m = 0; m < models; m++)
                {
                    float d = block.Prepared(m)[i];
                    if (vote[i] >= 0 ? d > 0 : d < 0)
                    {
                        sum += weights[m] * d;
                        divisor += weights[m];
                    }
                }

                result[i] = origin[i] + sum / Math.Max(divisor, SmallestDivisor);
            }
        };
    }

    private static MagnitudeCut Selection(MergeTensor tensor, double share)
    {
        long[] differing = tensor.Tally(1, (block, counts) =>
        {
            foreach (float v in Variance(block, block.Scratch(0)))
            {
                counts[0] += v != 0 ? 1 : 0;
            }
        });
        return MagnitudeCut.Find(tensor, block => Variance(block, block.Scratch(0)), (long)(differing[0] * share))[0];
    }

    private static Span<float> Selected(Block block, MagnitudeCut? cut, int model)
    {
        Span<float> delta = block.Delta(model);
        if (cut is { } border)
        {
            Span<float> variance = block.Scratch(1);
            if (model == 0)
            {
                Variance(block, variance);
                delta = block.Delta(model);
            }

            for (int i = 0; i < delta.Length; i++)
            {
                delta[i] = border.Holds(variance[i], block.Start + i) ? delta[i] : 0;
            }
        }

        return delta;
    }

    /// <summary>Population variance over the models; exactly 0 where all moved alike.</summary>
    private static ReadOnlySpan<float> Variance(Block block, Span<float> variance)
    {
        int models = block.Models;
        for (int m = 0; m < models; m++)
        {
            _ = block.Delta(m);
        }

        for (int i = 0; i < variance.Length; i++)
        {
            double mean = 0, squares = 0;
            for (int m = 0; m < models; m++)
            {
                mean += block.Prepared(m)[i];
            }

            mean /= models;
            for (int m = 0; m < models; m++)
            {
                double off = block.Prepared(m)[i] - mean;
                squares += off * off;
            }

            variance[i] = (float)(squares / models);
        }

        return variance;
    }
}
