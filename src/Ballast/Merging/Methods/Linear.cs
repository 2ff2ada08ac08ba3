namespace Ballast.Merging.Methods;

/// <summary>sum w_i T_i, divided by sum w_i where <c>normalize</c> is on.</summary>
/// <remarks>Wortsman et al., "Model soups", ICML 2022 (arXiv 2203.05482). One model of weight 1 comes back bit for bit.</remarks>
internal sealed record Linear : MergeMethod
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } =
        [new("weight", null, PerModel: true), new("normalize", 1, IsFlag: true)];

    public override string? Problem(MethodNumbers numbers) => numbers.Is("normalize") && numbers.All("weight").Sum() == 0
        ? "the weights sum to 0, so they cannot be normalized; set normalize: false or other weights"
        : null;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        double[] weights = tensor.Numbers.All("weight");
        double divisor = tensor.Numbers.Is("normalize") ? weights.Sum() : 1;
        return Combination.Of(tensor, [.. weights.Select(w => w / divisor)], deltas: false);
    }
}
