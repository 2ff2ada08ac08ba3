namespace Ballast.Merging.Methods;

/// <summary>t mean(T_i) + (1 - t) B with t = k c / (1 + (k - 1) c), c the mean cosine between the models' task vectors.</summary>
/// <remarks>
/// Jang et al., "Model Stock: all we need is just a few fine-tuned models", ECCV 2024 (arXiv 2403.19522), eq. 5. t is not clamped: c below 0
/// leads away from the mean. mergekit's floor of <see cref="Floor"/> under the product of two norms pulls small deltas towards the base;
/// <c>paper_form: true</c> leaves it out. <c>filter_wise</c> takes each row for itself.
/// </remarks>
internal sealed record ModelStock : SphereMethod
{
    private const double Floor = 1e-6;
    private const double Pole = 1e-6;

    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("filter_wise", 0, IsFlag: true), new("paper_form", 0, IsFlag: true)];

    public override BaseRule Base => BaseRule.Required;

    public override int MinModels => 2;

    protected override VectorShape Shape(MethodNumbers numbers) => numbers.Is("filter_wise") ? VectorShape.Rows : VectorShape.Whole;

    protected override double[] Coefficients(DotProducts dots, MergeTensor tensor)
    {
        int k = dots.Count;
        double sum = 0;
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double norms = dots.Norm(i) * dots.Norm(j);
                double divisor = tensor.Numbers.Is("paper_form") ? norms : Math.Max(norms, Floor);
                sum += divisor == 0 ? 0 : Math.Clamp(dots[i, j] / divisor, -1, 1);
            }
        }

        double cosine = sum / (k * (k - 1) / 2), below = 1 + (k - 1) * cosine;
        double t = Math.Abs(below) < Pole ? 0 : k * cosine / below;
        if (!tensor.Numbers.Is("filter_wise"))
        {
            tensor.Note($"t = {t:0.0000}{(t < 0 ? ", below 0: away from the mean" : "")}");
        }

        return [.. Enumerable.Repeat(t / k, k)];
    }
}
