using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Adapters;

/// <summary>adapter_config.json, read strictly where a key changes the mathematics, and written so that PEFT 0.5 and later read it.</summary>
internal static class AdapterConfigJson
{
    // Keys that change what is computed, and the only value that Ballast computes.
    private static readonly (string Key, JsonNode? Neutral)[] s_neutral =
    [
        ("fan_in_fan_out", false), ("lora_bias", false), ("use_qalora", false), ("layer_replication", null), ("target_parameters", null), ("trainable_token_indices", null),
        ("alora_invocation_tokens", null), ("use_bdlora", null), ("arrow_config", null), ("kasa_config", null), ("monteclora_config", null), ("velora_config", null),
    ];

    public static AdapterConfig Parse(JsonObject json, string path)
    {
        if ((string?)Text(json, "peft_type", path) is not "LORA")
        {
            throw Fault(path, "peft_type", json["peft_type"], "\"LORA\"");
        }

        foreach (var (key, neutral) in s_neutral)
        {
            if (json[key] is { } value && !(value is JsonArray { Count: 0 } or JsonObject { Count: 0 }) && !JsonNode.DeepEquals(value, neutral))
            {
                throw Fault(path, key, value, $"{neutral?.ToJsonString() ?? "null"}; the rest is not supported");
            }
        }

        int[]? layers = json["layers_to_transform"] is JsonValue one ? [Whole(one, "layers_to_transform", path)]
            : json["layers_to_transform"] is JsonArray some ? [.. some.Select(item => Whole(item, "layers_to_transform", path))] : null;
        var config = new AdapterConfig
        {
            BaseModel = Text(json, "base_model_name_or_path", path) ?? "",
            Rank = json["r"] is { } r ? Whole(r, "r", path) : 8,
            Alpha = Number(json["lora_alpha"], "lora_alpha", path) ?? 8,
            Dropout = Number(json["lora_dropout"], "lora_dropout", path) ?? 0,
            TargetModules = Names(json, "target_modules", path) ?? throw Fault(path, "target_modules", null, "a list of modules or a pattern"),
            ExcludeModules = Names(json, "exclude_modules", path),
            RankPattern = [.. Pattern(json, "rank_pattern", path).Select(p => KeyValuePair.Create(p.Key, Whole(p.Value, "rank_pattern", path)))],
            AlphaPattern = [.. Pattern(json, "alpha_pattern", path).Select(p => KeyValuePair.Create(p.Key, Number(p.Value, "alpha_pattern", path)!.Value))],
            UseRslora = Flag(json, "use_rslora", path),
            UseDora = Flag(json, "use_dora", path),
            ModulesToSave = Names(json, "modules_to_save", path)?.Names ?? [],
            LayersToTransform = layers,
            LayersPattern = Names(json, "layers_pattern", path) is { } pattern ? pattern.Names ?? [pattern.Pattern!] : [],
            Bias = Text(json, "bias", path) switch { null or "none" => AdapterBias.None, "all" => AdapterBias.All, "lora_only" => AdapterBias.LoraOnly, _ => throw Fault(path, "bias", json["bias"], "none, all or lora_only") },
        };
        if (config.Rank < 1 || config.RankPattern.Any(p => p.Value < 1))
        {
            throw Fault(path, "r", config.Rank, "ranks of at least 1");
        }

        return Check(config, path);
    }

    public static JsonObject Write(AdapterConfig config)
    {
        var json = new JsonObject
        {
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = config.BaseModel,
            ["bias"] = config.Bias switch { AdapterBias.All => "all", AdapterBias.LoraOnly => "lora_only", _ => "none" },
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layers_pattern"] = List(config.LayersPattern),
            ["layers_to_transform"] = config.LayersToTransform is { } layers ? new JsonArray([.. layers.Select(layer => JsonValue.Create(layer))]) : null,
            ["lora_alpha"] = Plain(config.Alpha),
            ["lora_dropout"] = config.Dropout,
            ["modules_to_save"] = List(config.ModulesToSave),
            ["peft_type"] = "LORA",
            ["r"] = config.Rank,
            ["revision"] = null,
            ["target_modules"] = config.TargetModules.ToJson(),
            ["task_type"] = "CAUSAL_LM",
        };

        // Keys that came to PEFT later are written only where they say something: an older one refuses keys that it does not know.
        if (config.RankPattern.Count + config.AlphaPattern.Count > 0)
        {
            json["rank_pattern"] = new JsonObject(config.RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
            json["alpha_pattern"] = new JsonObject(config.AlphaPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)Plain(p.Value))));
        }

        if (config.UseRslora)
        {
            json["use_rslora"] = true;
        }

        if (config.UseDora)
        {
            json["use_dora"] = true;
        }

        if (config.ExcludeModules is { } excluded)
        {
            json["exclude_modules"] = excluded.ToJson();
        }

        return json;
    }

    private static AdapterConfig Check(AdapterConfig config, string path)
    {
        foreach (string? problem in (string?[])[config.TargetModules.Problem(), config.ExcludeModules?.Problem(), .. config.RankPattern.Select(p => ModuleNames.ProblemOf(p.Key)), .. config.AlphaPattern.Select(p => ModuleNames.ProblemOf(p.Key))])
        {
            if (problem is not null)
            {
                throw new CheckpointException($"{path}: {problem}");
            }
        }

        return config;
    }

    private static JsonArray? List(IReadOnlyList<string> names) => names.Count == 0 ? null : new JsonArray([.. names.Select(name => JsonValue.Create(name))]);

    private static JsonValue Plain(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e9 ? JsonValue.Create((int)value) : JsonValue.Create(value);

    private static string? Text(JsonObject json, string key, string path) => json[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw Fault(path, key, other, "a text"),
    };

    private static bool Flag(JsonObject json, string key, string path) => json[key] switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        var other => throw Fault(path, key, other, "true or false"),
    };

    private static int Whole(JsonNode? node, string key, string path) => node is JsonValue value && value.TryGetValue(out int number) ? number : throw Fault(path, key, node, "whole numbers");

    private static double? Number(JsonNode? node, string key, string path) =>
        node is null ? null : node is JsonValue value && value.GetValueKind() is JsonValueKind.Number ? (double)value : throw Fault(path, key, node, "a number");

    private static JsonObject Pattern(JsonObject json, string key, string path) => json[key] switch
    {
        null => [],
        JsonObject pattern => pattern,
        var other => throw Fault(path, key, other, "keys with numbers"),
    };

    private static ModuleNames? Names(JsonObject json, string key, string path) => json[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => new ModuleNames(null, text),
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue(out string? _)) => new ModuleNames([.. list.Select(item => (string)item!)], null),
        var other => throw Fault(path, key, other, "a list of names or a pattern"),
    };

    private static CheckpointException Fault(string path, string key, JsonNode? found, string expected) => new($"{path}: {key} is {found?.ToJsonString() ?? "missing"}; expected {expected}");
}
