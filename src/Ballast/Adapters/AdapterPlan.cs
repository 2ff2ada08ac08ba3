using Ballast.Models;

namespace Ballast.Adapters;

/// <summary>What an adapter puts on which module of a model.</summary>
/// <param name="Modules">Modules with low-rank parts, and their ranks.</param>
/// <param name="Trained">Checkpoint tensors that are trained whole, by their keys in the adapter's file.</param>
internal sealed record AdapterPlan(IReadOnlyDictionary<string, int> Modules, IReadOnlyDictionary<string, string> Trained)
{
    /// <summary>What PEFT puts before every name.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>The plan that a configuration makes for a model, by PEFT's rules.</summary>
    /// <exception cref="ConfigException">Nothing is meant, a name means nothing, or two patterns disagree.</exception>
    public static AdapterPlan Of(AdapterConfig config, Decoder model) => Of(config, model.Weights.Names, model.Config.TieWordEmbeddings);

    /// <summary>The same from the names and shapes of the model's tensors.</summary>
    /// <param name="config">The adapter.</param>
    /// <param name="shapes">The tensors.</param>
    /// <param name="tied">Whether the head is the embedding.</param>
    public static AdapterPlan Of(AdapterConfig config, IEnumerable<(string Name, long[] Shape)> shapes, bool tied)
    {
        const string Head = Decoder.HeadName + ".weight";
        var listed = shapes.ToList();
        string[] tensors = [.. listed.Select(pair => pair.Name).Where(name => name != Head || !tied), .. tied ? [Head] : Array.Empty<string>()];
        var matrices = listed.Where(pair => pair.Shape.Length == 2).Select(pair => pair.Name).Append(Head).ToHashSet(StringComparer.Ordinal);
        string[] all = [.. tensors.Where(matrices.Contains).Select(name => name[..^".weight".Length])];
        string[] linear = [.. all.Where(module => module != Decoder.EmbeddingName)];
        var modules = all.Where(module => IsTarget(config, module, linear)).ToDictionary(module => module, config.RankOf, StringComparer.Ordinal);
        RefuseIdle("target_modules", config.TargetModules, modules.Keys);
        foreach (string module in modules.Keys)
        {
            if (config.Overlap(module) is var (first, second))
            {
                throw new ConfigException($"lora: the patterns '{first}' and '{second}' both match {module} and disagree; PEFT sorts them when it saves, so let one of them match");
            }
        }

        var trained = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string tensor in tensors.Where(tensor => Parents(tensor).Any(module => config.ModulesToSave.Any(name => ModuleNames.EndsWith(module, name)))))
        {
            trained[Prefix + tensor] = tensor;
        }

        if (config.ModulesToSave.FirstOrDefault(name => !trained.Values.Any(tensor => Parents(tensor).Any(module => ModuleNames.EndsWith(module, name)))) is string idle)
        {
            throw new ConfigException($"lora.modules_to_save: '{idle}' is no module of this model with weights");
        }

        foreach (string tensor in tensors.Where(tensor => tensor.EndsWith(".bias", StringComparison.Ordinal) && !trained.ContainsValue(tensor)))
        {
            string module = tensor[..^".bias".Length];
            if (config.Bias is AdapterBias.All || config.Bias is AdapterBias.LoraOnly && modules.ContainsKey(module))
            {
                trained[modules.ContainsKey(module) ? $"{Prefix}{module}.base_layer.bias" : Prefix + tensor] = tensor;
            }
        }

        return new AdapterPlan(modules, trained);
    }

    /// <summary>Parameters that are trained.</summary>
    public long Parameters(IEnumerable<(string Name, long[] Shape)> shapes, bool dora)
    {
        var sizes = shapes.ToDictionary(pair => pair.Name, pair => pair.Shape, StringComparer.Ordinal);
        long[] Shape(string tensor) => sizes.GetValueOrDefault(tensor) ?? sizes[Decoder.EmbeddingName + ".weight"];
        return Modules.Sum(module => module.Value * Shape(module.Key + ".weight").Sum() + (dora ? Shape(module.Key + ".weight")[module.Key == Decoder.EmbeddingName ? 1 : 0] : 0))
            + Trained.Values.Sum(tensor => Shape(tensor).Aggregate(1L, (a, b) => a * b));
    }

    private static bool IsTarget(AdapterConfig config, string module, string[] linear)
    {
        if (config.ExcludeModules?.Match(module) == true || config.ModulesToSave.Any(name => Parents(module + ".weight").Any(parent => ModuleNames.EndsWith(parent, name))))
        {
            return false;
        }

        if (config.TargetModules.IsAllLinear)
        {
            return module != Decoder.HeadName && linear.Contains(module);
        }

        bool meant = config.TargetModules.Match(module);
        return meant && (config.LayersToTransform is not { } layers || config.TargetModules.Names?.Contains(module) == true || Layer(config, module) is { } layer && layers.Contains(layer));
    }

    // The number after the list of layers in a path.
    private static int? Layer(AdapterConfig config, string module)
    {
        foreach (string list in config.LayersPattern.Count == 0 ? [@"[^.]*"] : config.LayersPattern)
        {
            if (ModuleNames.Expression($@"^.*\.{list}\.(\d+)\.").Match(module) is { Success: true } match)
            {
                return int.Parse(match.Groups[^1].Value, System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    private static void RefuseIdle(string key, ModuleNames names, IEnumerable<string> modules)
    {
        if (!modules.Any())
        {
            throw new ConfigException($"lora.{key}: no module of this model is meant by {names.ToJson().ToJsonString()}");
        }

        if (names.Names?.FirstOrDefault(name => !modules.Any(module => ModuleNames.EndsWith(module, name))) is string idle)
        {
            throw new ConfigException($"lora.{key}: '{idle}' is no module of this model that can have an adapter");
        }
    }

    // a.b.c.weight -> a.b.c, a.b, a
    private static IEnumerable<string> Parents(string tensor)
    {
        for (int dot = tensor.LastIndexOf('.'); dot > 0; dot = tensor.LastIndexOf('.', dot - 1))
        {
            yield return tensor[..dot];
        }
    }
}
