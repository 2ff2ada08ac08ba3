namespace Ballast.Merging.Methods;

/// <summary>The point on the sphere with the least sum of squared angles to the models' directions, as long as the mean of their lengths.</summary>
/// <remarks>Karcher, "Riemannian center of mass", 1977. All models count alike; those of norm up to <c>tol</c> have no direction and count for the length alone.</remarks>
internal sealed record Karcher : SphereMethod
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("max_iter", 10), new("tol", 1e-5)];

    public override int MinModels => 2;

    protected override double[] Coefficients(DotProducts dots, MergeTensor tensor)
    {
        double tolerance = tensor.Numbers["tol"];
        double[] units = [.. Enumerable.Range(0, dots.Count).Select(i => dots.Norm(i) <= tolerance ? 0 : 1 / dots.Norm(i))];
        int used = units.Count(u => u > 0);
        double[] mean = [.. units.Select(u => u / Math.Max(1, used))];
        if (used == 0 || dots.Norm(mean) < tolerance)
        {
            int first = Array.FindIndex(units, u => u > 0);
            mean = [.. units.Select((u, i) => i == first ? u : 0)];
        }

        Scale(mean, dots);
        for (int iteration = 0; iteration < tensor.Numbers["max_iter"] && used > 0; iteration++)
        {
            double[] tangent = new double[units.Length];
            for (int i = 0; i < units.Length; i++)
            {
                double cosine = Math.Clamp(units[i] * dots.Along(i, mean), -1, 1);
                double angle = Math.Acos(cosine);
                if (units[i] == 0 || angle < tolerance)
                {
                    continue;
                }

                double share = angle / Math.Sin(angle) / used;
                for (int j = 0; j < units.Length; j++)
                {
                    tangent[j] += share * ((i == j ? units[i] : 0) - cosine * mean[j]);
                }
            }

            double step = dots.Norm(tangent);
            if (step < tolerance)
            {
                break;
            }

            mean = [.. mean.Select((m, j) => Math.Cos(step) * m + Math.Sin(step) / step * tangent[j])];
            Scale(mean, dots);
        }

        double length = Enumerable.Range(0, dots.Count).Average(dots.Norm);
        return [.. mean.Select(m => m * length)];
    }

    private static void Scale(double[] mean, DotProducts dots)
    {
        double norm = dots.Norm(mean);
        for (int i = 0; i < mean.Length && norm > 0; i++)
        {
            mean[i] /= norm;
        }
    }
}
