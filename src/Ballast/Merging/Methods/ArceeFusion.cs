namespace Ballast.Merging.Methods;

/// <summary>Takes the other model's entries where |T - B| times the row's divergence is extreme: at least median + 1.5 (q3 - q1), the base's elsewhere.</summary>
/// <remarks>
/// Arcee AI, Arcee Fusion. The divergence of a row is sum p log(p / q) of p = softmax(T) + 1e-8 and q = softmax(B) + 1e-8 over its weights. Quartiles are
/// the values at int(x (n - 1)) of the sorted scores; all scores count, where mergekit draws a million of a larger tensor.
/// </remarks>
internal sealed record ArceeFusion : MergeMethod
{
    private const double Smallest = 1e-8;

    public override IReadOnlyList<MethodParameter> Parameters { get; } = [];

    public override BaseRule Base => BaseRule.Required;

    public override int MaxModels => 1;

    public override bool NeedsRows(MethodNumbers numbers) => true;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        int row = tensor.RowLength;
        double[] divergence = new double[tensor.Rows];
        tensor.ForEach((block, _) =>
        {
            ReadOnlySpan<float> model = block.Model(0), origin = block.Base;
            for (int at = 0; at < block.Count; at += row)
            {
                divergence[(block.Start + at) / row] = Divergence(model.Slice(at, row), origin.Slice(at, row));
            }
        });

        ReadOnlySpan<float> Scores(Block block)
        {
            Span<float> scores = block.Scratch(0);
            ReadOnlySpan<float> delta = block.Delta(0);
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = (float)(Math.Abs(delta[i]) * Math.Abs(divergence[(block.Start + i) / row]));
            }

            return scores;
        }

        long n = tensor.Count;
        long Kept(double x) => n - (long)(x * (n - 1));
        float[] quartiles = [.. MagnitudeCut.Find(tensor, Scores, Kept(0.25), Kept(0.5), Kept(0.75)).Select(c => c.Magnitude)];
        float threshold = (float)(quartiles[1] + 1.5 * (quartiles[2] - quartiles[0]));
        return (block, result) =>
        {
            ReadOnlySpan<float> scores = Scores(block);
            ReadOnlySpan<float> model = block.Model(0), origin = block.Base;
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = scores[i] >= threshold ? model[i] : origin[i];
            }
        };
    }

    private static double Divergence(ReadOnlySpan<float> model, ReadOnlySpan<float> origin)
    {
        double modelSum = ExponentSum(model, out double modelMax), originSum = ExponentSum(origin, out double originMax), sum = 0;
        for (int i = 0; i < model.Length; i++)
        {
            double p = Math.Exp(model[i] - modelMax) / modelSum + Smallest, q = Math.Exp(origin[i] - originMax) / originSum + Smallest;
            sum += p * Math.Log(p / q);
        }

        return sum;
    }

    private static double ExponentSum(ReadOnlySpan<float> values, out double max)
    {
        max = System.Numerics.Tensors.TensorPrimitives.Max(values);
        double sum = 0;
        foreach (float v in values)
        {
            sum += Math.Exp(v - max);
        }

        return sum;
    }
}
