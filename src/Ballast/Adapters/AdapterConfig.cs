using Ballast.Checkpoints;

namespace Ballast.Adapters;

/// <summary>adapter_config.json of PEFT (0.5 to 0.21): what a LoRA adapter is made of.</summary>
public sealed record AdapterConfig
{
    /// <summary>The file's name.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>Where the base model was, as the file says; empty: unknown.</summary>
    public string BaseModel { get; init; } = "";

    /// <summary>Rank of the modules that no pattern names, r.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>lora_alpha of the modules that no pattern names.</summary>
    public double Alpha { get; init; } = 8;

    /// <summary>Dropout on the input of A while training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>The modules that get an adapter.</summary>
    public required ModuleNames TargetModules { get; init; }

    /// <summary>Modules that get none; null: no exception.</summary>
    public ModuleNames? ExcludeModules { get; init; }

    /// <summary>Ranks of modules by regular expressions, in the order of the file: the first that matches rules.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> RankPattern { get; init; } = [];

    /// <summary>Alphas of modules, as <see cref="RankPattern"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> AlphaPattern { get; init; } = [];

    /// <summary>Scaling alpha / sqrt(r) instead of alpha / r (Kalajdzievski, arXiv 2312.03732).</summary>
    public bool UseRslora { get; init; }

    /// <summary>Magnitudes apart from directions (Liu et al., arXiv 2402.09353).</summary>
    public bool UseDora { get; init; }

    /// <summary>Modules that are trained whole, by the endings of their paths.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Layers that get adapters; null: all. Ignored for modules that are named by their full path.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Names of the list of layers in module paths; empty: any name.</summary>
    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Which biases are trained.</summary>
    public AdapterBias Bias { get; init; }

    /// <summary>The rank of a module.</summary>
    public int RankOf(string module) => ValueOf(RankPattern, module, Rank);

    /// <summary>The factor on B A of a module: alpha / r or alpha / sqrt(r), both as the patterns say.</summary>
    public double ScalingOf(string module) => ValueOf(AlphaPattern, module, Alpha) / (UseRslora ? Math.Sqrt(RankOf(module)) : RankOf(module));

    /// <summary>The same with every alpha multiplied: the change that the low-rank parts make, times a factor.</summary>
    public AdapterConfig Scaled(double factor) => factor == 1 ? this
        : this with { Alpha = Alpha * factor, AlphaPattern = [.. AlphaPattern.Select(pair => KeyValuePair.Create(pair.Key, pair.Value * factor))] };

    /// <summary>Two keys of a pattern that both match a module and disagree; null: none. PEFT sorts the keys when it saves, so such patterns change their meaning.</summary>
    public (string First, string Second)? Overlap(string module) =>
        Overlap(RankPattern, module) ?? Overlap(AlphaPattern, module);

    /// <summary>Reads an adapter's adapter_config.json.</summary>
    /// <exception cref="CheckpointException">A key is missing, has an impossible value, or asks for what Ballast does not compute.</exception>
    public static AdapterConfig Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return AdapterConfigJson.Parse(JsonFile.ReadObject(path), path);
    }

    private static T ValueOf<T>(IReadOnlyList<KeyValuePair<string, T>> pattern, string module, T otherwise)
    {
        foreach (var (key, value) in pattern)
        {
            if (Matches(key, module))
            {
                return value;
            }
        }

        return otherwise;
    }

    private static (string, string)? Overlap<T>(IReadOnlyList<KeyValuePair<string, T>> pattern, string module)
    {
        var matching = pattern.Where(pair => Matches(pair.Key, module)).ToList();
        var other = matching.FindIndex(pair => !pair.Value!.Equals(matching[0].Value));
        return other > 0 ? (matching[0].Key, matching[other].Key) : null;
    }

    private static bool Matches(string key, string module) => ModuleNames.Expression($"^(.*\\.)?({key})$").IsMatch(module);
}

/// <summary>Which biases an adapter trains.</summary>
public enum AdapterBias
{
    /// <summary>None.</summary>
    None,

    /// <summary>Every bias of the model.</summary>
    All,

    /// <summary>Those of the modules that have an adapter.</summary>
    LoraOnly,
}
