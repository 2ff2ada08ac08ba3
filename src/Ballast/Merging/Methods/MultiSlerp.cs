namespace Ballast.Merging.Methods;

/// <summary>The weighted mean of the models' directions, as long as the weighted mean of their lengths; with a base, of their task vectors.</summary>
/// <remarks>
/// After mergekit: u_i = x_i / (|x_i| + eps), m = unit(sum w_i u_i), then one step along the mean tangent at m. The tangents are taken with the
/// weights that made m, so their mean is 0 and the step has no length: the method is the normalized mean direction. For two models it is not slerp.
/// </remarks>
internal sealed record MultiSlerp : SphereMethod
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } =
        [new("weight", null, PerModel: true), new("normalize_weights", 1, IsFlag: true), new("eps", 1e-8)];

    public override BaseRule Base => BaseRule.Optional;

    public override string? Problem(MethodNumbers numbers) => numbers.Is("normalize_weights") && numbers.All("weight").Sum() == 0
        ? "the weights sum to 0, so they cannot be normalized"
        : null;

    protected override double[] Coefficients(DotProducts dots, MergeTensor tensor)
    {
        double[] weights = tensor.Numbers.All("weight");
        if (weights.Length == 1)
        {
            return [1];
        }

        double eps = tensor.Numbers["eps"], sum = tensor.Numbers.Is("normalize_weights") ? weights.Sum() : 1;
        double[] direction = [.. weights.Select((w, i) => w / sum / (dots.Norm(i) + eps))];
        double length = dots.Norm(direction), norm = weights.Select((w, i) => w / sum * dots.Norm(i)).Sum();
        if (length < eps)
        {
            return weights.Length == 2
                ? [.. weights.Select(w => w / sum)]
                : throw tensor.Fault("the models' directions cancel out, so they have no mean direction");
        }

        return [.. direction.Select(d => d / length * norm)];
    }
}
