using Ballast.Adapters;

namespace Ballast.Configs;

/// <summary>A LoRA adapter (Hu et al., arXiv 2106.09685) is trained instead of the model's own weights, which stay frozen; the result is a PEFT adapter folder.</summary>
/// <param name="Rank">Rank of the low-rank parts, at least 1.</param>
/// <param name="Alpha">The parts are scaled by alpha / rank; absent: twice the rank.</param>
/// <param name="Dropout">Share of the parts' inputs that is dropped while training, at least 0 and below 1.</param>
/// <param name="TargetModules">Modules that get a part: names such as q_proj, or one regular expression for whole paths, or <c>all-linear</c>: every linear layer but the output head.</param>
/// <param name="ExcludeModules">Modules that get none: names, or one regular expression; null: no exception.</param>
/// <param name="RankPattern">Ranks of single modules: names or regular expressions for the end of their paths.</param>
/// <param name="AlphaPattern">Alphas of single modules, as <paramref name="RankPattern"/>.</param>
/// <param name="UseRslora">Scale by alpha / sqrt(rank) instead (Kalajdzievski, arXiv 2312.03732).</param>
/// <param name="UseDora">Train the magnitudes of the rows (of an embedding: of the columns) apart from their directions (Liu et al., arXiv 2402.09353); about a product more per layer and pass.</param>
/// <param name="ModulesToSave">Modules that are trained whole, such as lm_head; null: none.</param>
/// <param name="LayersToTransform">Numbers of the layers that get parts; null: all.</param>
/// <param name="LayersPattern">Names of the list of layers within module paths; null: any.</param>
/// <param name="Bias">Which biases are trained.</param>
/// <param name="Init">How A begins; B begins at 0.</param>
/// <param name="Merge">Also write the merged model, in merged/.</param>
public sealed record LoraSection(
    int Rank = 8,
    double? Alpha = null,
    double Dropout = 0,
    ModuleNames? TargetModules = null,
    ModuleNames? ExcludeModules = null,
    IReadOnlyDictionary<string, int>? RankPattern = null,
    IReadOnlyDictionary<string, double>? AlphaPattern = null,
    bool UseRslora = false,
    bool UseDora = false,
    IReadOnlyList<string>? ModulesToSave = null,
    IReadOnlyList<int>? LayersToTransform = null,
    IReadOnlyList<string>? LayersPattern = null,
    AdapterBias Bias = AdapterBias.None,
    LoraInit Init = LoraInit.Uniform,
    bool Merge = false)
{
    /// <summary>The parts are scaled by alpha / rank.</summary>
    public double? Alpha { get; init; } = Alpha ?? 2.0 * Rank;

    /// <summary>Modules that get a part.</summary>
    public ModuleNames? TargetModules { get; init; } = TargetModules ?? new ModuleNames(null, ModuleNames.AllLinear);

    /// <summary>The adapter's configuration as PEFT has it.</summary>
    /// <param name="baseModel">What it calls the base.</param>
    public AdapterConfig ToConfig(string baseModel) => new()
    {
        BaseModel = baseModel,
        Rank = Rank,
        Alpha = Alpha!.Value,
        Dropout = Dropout,
        TargetModules = TargetModules!,
        ExcludeModules = ExcludeModules,
        RankPattern = [.. RankPattern ?? new Dictionary<string, int>()],
        AlphaPattern = [.. AlphaPattern ?? new Dictionary<string, double>()],
        UseRslora = UseRslora,
        UseDora = UseDora,
        ModulesToSave = ModulesToSave ?? [],
        LayersToTransform = LayersToTransform,
        LayersPattern = LayersPattern ?? [],
        Bias = Bias,
    };

    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems() => Rules().Where(rule => !rule.Holds).Select(rule => new ConfigProblem($"lora.{rule.Key}", rule.Message));

    private IEnumerable<(bool Holds, string Key, string Message)> Rules()
    {
        yield return (Rank >= 1, "rank", $"must be at least 1, got {Rank}");
        yield return (Alpha > 0, "alpha", $"must be above 0, got {Alpha}");
        yield return (Dropout is >= 0 and < 1, "dropout", $"must be at least 0 and below 1, got {Dropout}");
        yield return (TargetModules!.Pattern is not null || TargetModules.Names!.Count > 0, "target_modules", "names no module");
        yield return (TargetModules.Problem() is null, "target_modules", TargetModules.Problem() ?? "");
        yield return (ExcludeModules?.Problem() is null, "exclude_modules", ExcludeModules?.Problem() ?? "");
        foreach (var (key, rank) in RankPattern ?? new Dictionary<string, int>())
        {
            yield return (rank >= 1, "rank_pattern", $"'{key}' must be at least 1, got {rank}");
            yield return (ModuleNames.ProblemOf(key) is null, "rank_pattern", ModuleNames.ProblemOf(key) ?? "");
        }

        foreach (var (key, alpha) in AlphaPattern ?? new Dictionary<string, double>())
        {
            yield return (alpha > 0, "alpha_pattern", $"'{key}' must be above 0, got {alpha}");
            yield return (ModuleNames.ProblemOf(key) is null, "alpha_pattern", ModuleNames.ProblemOf(key) ?? "");
        }

        yield return (LayersToTransform is null || TargetModules.Pattern is null, "layers_to_transform", "needs target_modules as a list of names; a pattern says itself which layers are meant");
        yield return (LayersPattern is null || LayersToTransform is not null, "layers_pattern", "is given without layers_to_transform");
    }
}

/// <summary>How A begins.</summary>
public enum LoraInit
{
    /// <summary>Uniform within 1 / sqrt(inputs), as PEFT does unless told otherwise.</summary>
    Uniform,

    /// <summary>Normal with deviation 1 / rank.</summary>
    Gaussian,
}
