namespace Ballast.Merging.Methods;

/// <summary>Slerp of two models by their weights, t = w_2 / (w_1 + w_2); with a third model as base, of their task vectors.</summary>
/// <remarks>
/// <c>nuslerp_flatten: false</c> takes each row (along the last dimension) for a vector, with <c>nuslerp_row_wise: true</c> each column. There is
/// no straight branch but for vectors that point exactly together or apart, so nearly opposite vectors give large coefficients.
/// </remarks>
internal sealed record NuSlerp : SphereMethod
{
    private const double SmallestNorm = 1e-7;
    private const double SmallestSine = 1e-8;
    private const double SmallestSum = 1e-6;

    public override IReadOnlyList<MethodParameter> Parameters { get; } =
        [new("weight", null, PerModel: true), new("nuslerp_flatten", 1, IsFlag: true), new("nuslerp_row_wise", 0, IsFlag: true)];

    public override BaseRule Base => BaseRule.Optional;

    public override int MinModels => 2;

    public override int MaxModels => 2;

    protected override VectorShape Shape(MethodNumbers numbers) =>
        numbers.Is("nuslerp_flatten") ? VectorShape.Whole : numbers.Is("nuslerp_row_wise") ? VectorShape.Columns : VectorShape.Rows;

    protected override double[] Coefficients(DotProducts dots, MergeTensor tensor)
    {
        double[] weights = tensor.Numbers.All("weight");
        double t = Math.Abs(weights.Sum()) < SmallestSum ? 0.5 : weights[1] / weights.Sum();
        double cosine = dots[0, 1] / (Math.Max(dots.Norm(0), SmallestNorm) * Math.Max(dots.Norm(1), SmallestNorm));
        if (Math.Sqrt(Math.Max(0, 1 - cosine * cosine)) < SmallestSine)
        {
            return [1 - t, t];
        }

        var (first, second) = Slerp.Arc(cosine, t);
        return [first, second];
    }
}
