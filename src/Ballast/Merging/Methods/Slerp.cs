namespace Ballast.Merging.Methods;

/// <summary>Two tensors, each as one vector, along the arc between them: (sin((1 - t) a) B + sin(t a) T) / sin a, with a the angle.</summary>
/// <remarks>
/// Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985; of the tensors as they are, not of unit vectors. Above
/// <see cref="Straight"/> in |cos a| it is (1 - t) B + t T, which most fine-tuned tensors are. t outside [0, 1] extrapolates.
/// </remarks>
internal sealed record Slerp : SphereMethod
{
    /// <summary>|cosine| above which the arc counts as straight.</summary>
    private const double Straight = 0.9995;

    /// <summary>Norm up to which a tensor has no direction; it then counts as orthogonal to the other.</summary>
    private const double Zero = 1e-8;

    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("t", null)];

    public override BaseRule Base => BaseRule.Required;

    public override int MaxModels => 1;

    public override string? Remark(MethodNumbers numbers) => numbers["t"] is >= 0 and <= 1 ? null : $"slerp: t = {numbers["t"]} lies outside [0, 1] and extrapolates";

    protected override bool Deltas(MergeTensor tensor) => false;

    protected override double[] Coefficients(DotProducts dots, MergeTensor tensor)
    {
        double a = dots.Norm(1), b = dots.Norm(0);
        double cosine = dots[1, 0] / ((a > Zero ? a : 1) * (b > Zero ? b : 1));
        bool straight = Math.Abs(cosine) > Straight;
        tensor.Note($"cosine {cosine:0.000000}{(straight ? ", straight" : "")}");
        var (first, second) = straight ? (1 - tensor.Numbers["t"], tensor.Numbers["t"]) : Arc(cosine, tensor.Numbers["t"]);
        return [second, first];
    }

    /// <summary>Coefficients of the two ends of an arc.</summary>
    internal static (double First, double Second) Arc(double cosine, double t)
    {
        double angle = Math.Acos(Math.Clamp(cosine, -1, 1));
        double sine = Math.Sin(angle);
        return (Math.Sin((1 - t) * angle) / sine, Math.Sin(t * angle) / sine);
    }
}
