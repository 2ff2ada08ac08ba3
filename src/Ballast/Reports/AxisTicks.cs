namespace Ballast.Reports;

/// <summary>Round numbers along an axis.</summary>
internal static class AxisTicks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten that cover [min, max], between 3 and 8 of them.</summary>
    public static IReadOnlyList<double> Of(double min, double max)
    {
        if (!(max > min))
        {
            double pad = min == 0 ? 1 : Math.Abs(min) / 2;
            return Of(min - pad, min + pad);
        }

        double rough = (max - min) / 5;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        double first = Math.Floor((min / step) + 1e-9);
        int count = (int)(Math.Ceiling((max / step) - 1e-9) - first) + 1;
        return [.. Enumerable.Range(0, count).Select(i => (first + i) * step)];
    }
}
