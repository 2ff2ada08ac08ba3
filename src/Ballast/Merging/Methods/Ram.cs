namespace Ballast.Merging.Methods;

/// <summary>Entries that one model changed are taken over, entries that several changed are averaged over those.</summary>
/// <remarks>
/// arXiv 2601.13572. Changed means |T - B| above <c>epsilon</c>. <see cref="Plus"/> (ramplus_tl) multiplies a model's own entries by
/// 1 + r min(shared / max(own, epsilon), alpha), counted in this tensor.
/// </remarks>
internal sealed record Ram(bool Plus) : MergeMethod
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } =
        Plus ? [new("epsilon", 1e-5), new("r", 0.1), new("alpha", 0.2)] : [new("epsilon", 1e-5)];

    public override BaseRule Base => BaseRule.Required;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        float epsilon = (float)tensor.Numbers["epsilon"];
        float[] factors = Plus ? Factors(tensor, epsilon) : [.. Enumerable.Repeat(1f, tensor.Models)];
        return (block, result) =>
        {
            Span<float> counts = block.Scratch(0), alone = block.Scratch(1);
            counts.Clear();
            result.Clear();
            for (int model = 0; model < factors.Length; model++)
            {
                ReadOnlySpan<float> delta = block.Delta(model);
                for (int i = 0; i < delta.Length; i++)
                {
                    if (Math.Abs(delta[i]) > epsilon)
                    {
                        counts[i]++;
                        result[i] += delta[i];
                        alone[i] = factors[model];
                    }
                }
            }

            ReadOnlySpan<float> origin = block.Base;
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = origin[i] + (counts[i] == 0 ? 0 : counts[i] == 1 ? result[i] * alone[i] : result[i] / counts[i]);
            }
        };
    }

    private static float[] Factors(MergeTensor tensor, float epsilon)
    {
        int models = tensor.Models;
        double[] sums = tensor.Sum(2 * models, (block, sum) =>
        {
            Span<float> counts = block.Scratch(0);
            counts.Clear();
            for (int pass = 0; pass < 2; pass++)
            {
                for (int model = 0; model < models; model++)
                {
                    ReadOnlySpan<float> delta = block.Delta(model);
                    for (int i = 0; i < delta.Length; i++)
                    {
                        if (Math.Abs(delta[i]) <= epsilon)
                        {
                            continue;
                        }

                        if (pass == 0)
                        {
                            counts[i]++;
                        }
                        else
                        {
                            sum[2 * model + (counts[i] == 1 ? 0 : 1)]++;
                        }
                    }
                }
            }
        });
        MethodNumbers numbers = tensor.Numbers;
        return [.. Enumerable.Range(0, models).Select(m =>
            (float)(1 + numbers["r"] * Math.Clamp(sums[2 * m + 1] / Math.Max(sums[2 * m], epsilon), 0, numbers["alpha"])))];
    }
}
