namespace Ballast.Merging.Methods;

/// <summary>The merge methods by name.</summary>
/// <param name="Name">The word under merge_method.</param>
/// <param name="Method">What it does.</param>
/// <param name="About">One line for people.</param>
/// <param name="Origin">Where it was published.</param>
internal sealed record NamedMethod(string Name, MergeMethod Method, string About, string Origin)
{
    /// <summary>All methods; one line adds one.</summary>
    public static IReadOnlyList<NamedMethod> All { get; } =
    [
        new("linear", new Linear(), "weighted average", "Wortsman et al. 2022, arXiv 2203.05482"),
        new("slerp", new Slerp(), "two models along the arc between them", "Shoemake 1985"),
        new("nuslerp", new NuSlerp(), "slerp by weights, whole tensors or row by row, also of task vectors", "mergekit"),
        new("multislerp", new MultiSlerp(), "weighted mean direction of several models", "mergekit"),
        new("karcher", new Karcher(), "mean on the sphere, found by iteration", "Karcher 1977"),
        new("model_stock", new ModelStock(), "towards the average, as far as the models agree", "Jang et al. 2024, arXiv 2403.19522"),
        new("task_arithmetic", new TaskVectors(new KeepAll(), Consensus: false), "base plus weighted task vectors", "Ilharco et al. 2023, arXiv 2212.04089"),
        new("ties", new TaskVectors(new KeepLargest(), Consensus: true, Normalize: true), "largest entries, elected signs", "Yadav et al. 2023, arXiv 2306.01708"),
        new("dare_linear", new TaskVectors(new DropAtRandom(), Consensus: false, Rescale: true), "random entries, rescaled", "Yu et al. 2024, arXiv 2311.03099"),
        new("dare_ties", new TaskVectors(new DropAtRandom(), Consensus: true, Rescale: true), "random entries, elected signs", "Yu et al. 2024, arXiv 2311.03099"),
        new("della", new TaskVectors(new DropByRank(), Consensus: true, Normalize: true, Rescale: true), "random entries, large ones sooner, elected signs", "Deep et al. 2024, arXiv 2406.11617"),
        new("della_linear", new TaskVectors(new DropByRank(), Consensus: false, Rescale: true), "random entries, large ones sooner", "Deep et al. 2024, arXiv 2406.11617"),
        new("breadcrumbs", new TaskVectors(new KeepBand(), Consensus: false), "neither the largest nor the smallest entries", "Davari and Belilovsky 2024, arXiv 2312.06795"),
        new("breadcrumbs_ties", new TaskVectors(new KeepBand(), Consensus: true), "breadcrumbs with elected signs", "Davari and Belilovsky 2024, arXiv 2312.06795"),
        new("sce", new Sce(), "entries that differ most, weights from their energy, elected signs", "Wan et al. 2024, arXiv 2408.07990"),
        new("ram", new Ram(Plus: false), "entries one model changed whole, others averaged", "arXiv 2601.13572"),
        new("ramplus_tl", new Ram(Plus: true), "ram with entries of one model enlarged", "arXiv 2601.13572"),
        new("arcee_fusion", new ArceeFusion(), "the other model's entries where they matter most", "Arcee AI"),
        new("nearswap", new NearSwap(), "the other model's entries where they are near", "alchemonaut 2024, BoreanGale-70B"),
        new("passthrough", new Passthrough(), "one model's tensors, perhaps scaled; for stacking layers", "mergekit"),
    ];

    /// <summary>A method by name, or null.</summary>
    public static NamedMethod? Find(string name) => All.FirstOrDefault(m => m.Name == name);
}
