namespace Ballast.Merging.Config;

/// <summary>A number as a merge file gives it: for all tensors, over depth, or by parts of tensor names.</summary>
/// <param name="Cases">In order; the first whose filter is part of the name counts.</param>
internal sealed record ParameterValue(IReadOnlyList<ParameterCase> Cases)
{
    /// <summary>The number for a tensor, or null when no filter fits.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="depth">Where its layer lies in its slice, from 0 to 1; 0 for tensors outside the layers.</param>
    public double? For(string tensor, double depth) => Cases.FirstOrDefault(c => c.Fits(tensor))?.At(depth);
}

/// <summary>One case of a number.</summary>
/// <param name="Filter">Part of a tensor's name; null or "*" fits all.</param>
/// <param name="Points">One number, or several that depth runs through.</param>
/// <param name="Flags">True for switches, which jump at the points where numbers run between them.</param>
internal sealed record ParameterCase(string? Filter, IReadOnlyList<double> Points, bool Flags)
{
    /// <summary>Whether a tensor's name holds the filter.</summary>
    public bool Fits(string tensor) => Filter is null or "*" || tensor.Contains(Filter, StringComparison.Ordinal);

    /// <summary>The number at a depth, linear between the points; null without points.</summary>
    public double? At(double depth)
    {
        if (Points.Count == 0)
        {
            return null;
        }

        double place = depth * (Points.Count - 1);
        int left = Math.Min((int)place, Points.Count - 1), right = Math.Min(left + 1, Points.Count - 1);
        return Flags ? Points[left] : Points[left] + (place - left) * (Points[right] - Points[left]);
    }
}
