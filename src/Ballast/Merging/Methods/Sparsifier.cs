namespace Ballast.Merging.Methods;

/// <summary>Sets the entries of a task vector to zero that are left out.</summary>
/// <param name="block">Where they are.</param>
/// <param name="delta">The entries, changed in place.</param>
internal delegate void Thinning(Block block, Span<float> delta);

/// <summary>Chooses the entries of a task vector that stay.</summary>
internal abstract record Sparsifier
{
    /// <summary>Share of the entries that stay; from 1 on all do.</summary>
    protected static readonly MethodParameter Density = new("density", 1, PerModel: true);

    /// <summary>The numbers it takes, per model.</summary>
    public abstract IReadOnlyList<MethodParameter> Parameters { get; }

    /// <summary>True when the choice is drawn.</summary>
    public virtual bool IsRandom => false;

    /// <summary>What is wrong with a model's numbers, or null.</summary>
    public virtual string? Problem(MethodNumbers numbers, int model) => null;

    /// <summary>True when it must see whole rows.</summary>
    public virtual bool NeedsRows(MethodNumbers numbers, int model) => false;

    /// <summary>The choice for one model; null keeps everything.</summary>
    public abstract Thinning? Prepare(MergeTensor tensor, int model);
}

/// <summary>Keeps everything (task arithmetic).</summary>
internal sealed record KeepAll : Sparsifier
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [];

    public override Thinning? Prepare(MergeTensor tensor, int model) => null;
}

/// <summary>Keeps the max(1, int(density n)) entries of largest magnitude; of equal ones the first.</summary>
/// <remarks>Yadav et al., "TIES-Merging", NeurIPS 2023 (arXiv 2306.01708), trimming.</remarks>
internal sealed record KeepLargest : Sparsifier
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Density];

    public override Thinning? Prepare(MergeTensor tensor, int model)
    {
        double density = tensor.Numbers["density", model];
        if (density >= 1)
        {
            return null;
        }

        if (density <= 0)
        {
            return (_, delta) => delta.Clear();
        }

        long keep = Math.Max(1, (long)(density * tensor.Count));
        MagnitudeCut cut = MagnitudeCut.Find(tensor, block => block.Delta(model), keep)[0];
        return (block, delta) => cut.Keep(delta, block.Start);
    }
}

/// <summary>Leaves out the int(gamma n) largest entries and keeps the int(density n) largest of the rest.</summary>
/// <remarks>
/// Davari and Belilovsky, "Model Breadcrumbs", ECCV 2024 (arXiv 2312.06795). Where density and gamma are more than 1 together, fewer of the largest are left out.
/// </remarks>
internal sealed record KeepBand : Sparsifier
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Density, new("gamma", 0.01, PerModel: true)];

    public override Thinning? Prepare(MergeTensor tensor, int model)
    {
        double density = tensor.Numbers["density", model];
        if (density >= 1)
        {
            return null;
        }

        long n = tensor.Count, keep = (long)(Math.Max(0, density) * n);
        long top = Math.Min((long)(tensor.Numbers["gamma", model] * n), n - keep);
        MagnitudeCut[] cuts = MagnitudeCut.Find(tensor, block => block.Delta(model), top + keep, top);
        return (block, delta) =>
        {
            cuts[1].Drop(delta, block.Start);
            cuts[0].Keep(delta, block.Start);
        };
    }
}
