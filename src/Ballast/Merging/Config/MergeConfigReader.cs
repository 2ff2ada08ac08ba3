using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Hub;
using Ballast.Merging.Methods;
using Ballast.Tensors;

namespace Ballast.Merging.Config;

/// <summary>Reads merge files: mergekit's schema, every key of it; unknown keys are errors with line and column.</summary>
internal sealed class MergeConfigReader
{
    private static readonly string[] s_keys =
    [
        "merge_method", "base_model", "models", "slices", "modules", "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer", "chat_template",
    ];

    private static readonly string[] s_forms = ["models", "slices", "modules"];

    /// <summary>Keys of other versions, which change no result.</summary>
    private static readonly string[] s_others = ["name", "description", "tags", "write_model_card", "allow_crimes", "trust_remote_code", "lazy_unpickle", "low_cpu_memory", "copy_tokenizer", "random_seed"];

    private readonly ConfigTree _tree;
    private readonly HubLibrary? _hub;
    private readonly ParameterReader _parameters;
    private readonly List<string> _notes = [];

    private MergeConfigReader(ConfigTree tree, NamedMethod method, HubLibrary? hub)
    {
        (_tree, _hub) = (tree, hub);
        _parameters = new ParameterReader(tree, method, _notes);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigException">The file is no merge that can be done; the message begins with file, line and column.</exception>
    public static MergeConfig Read(string path, HubLibrary? hub)
    {
        ConfigTree tree = YamlReader.Read(path, python: true);
        return Read(tree, File.ReadAllText(path), hub);
    }

    /// <summary>Reads text; <paramref name="file"/> names it and gives the folder of its paths.</summary>
    public static MergeConfig Parse(string text, string file, HubLibrary? hub) => Read(YamlReader.Parse(text, file, python: true), text, hub);

    private static MergeConfig Read(ConfigTree tree, string text, HubLibrary? hub)
    {
        if (tree.Root is not JsonObject root)
        {
            throw new ConfigException($"{tree.PlaceOf("")}: expected keys with values, such as merge_method: linear");
        }

        if (root["merge_method"] is not { } name)
        {
            throw new ConfigException($"{tree.PlaceOf("")}: merge_method is missing; it is one of {string.Join(", ", NamedMethod.All.Select(m => m.Name))}");
        }

        NamedMethod method = NamedMethod.Find(name.ToString())
            ?? throw new ConfigException($"{tree.PlaceOf("merge_method")}: there is no merge method '{name}'"
                + $"{Suggestion.For(name.ToString(), NamedMethod.All.Select(m => m.Name))}; there are {string.Join(", ", NamedMethod.All.Select(m => m.Name))}");
        return new MergeConfigReader(tree, method, hub).Root(root, method, text);
    }

    private MergeConfig Root(JsonObject root, NamedMethod method, string text)
    {
        CheckKeys(root, "", s_keys);
        ModelReference? origin = root.ContainsKey("base_model") ? Model(root["base_model"], "base_model") : null;
        var top = _parameters.Read(root["parameters"], "parameters");
        string[] forms = [.. s_forms.Where(key => root[key] is not null)];
        if (forms.Length != 1)
        {
            throw new ConfigException(forms.Length == 0
                ? $"{_tree.PlaceOf("")}: there is nothing to merge: give models or slices"
                : $"{_tree.PlaceOf(forms[1])}: {string.Join(" and ", forms)} exclude each other");
        }

        (JsonObject group, string at, Dictionary<string, ParameterValue> module) = forms[0] == "modules" ? Module(root) : (root, "", []);
        bool whole = group["models"] is not null;
        IReadOnlyList<MergeSlice> slices = whole ? [Models(group, at, module)] : Slices(group, at, module);
        string? template = root["chat_template"] is { } node ? Text(node, "chat_template") : null;
        return new MergeConfig(_tree.File, text, method.Name, origin, slices, whole, top, Type(root, "dtype"), Type(root, "out_dtype"), Vocabulary(root), template, _notes);
    }

    private (JsonObject, string, Dictionary<string, ParameterValue>) Module(JsonObject root)
    {
        JsonObject modules = Map(root["modules"], "modules");
        if (modules.Count != 1)
        {
            throw new ConfigException($"{_tree.PlaceOf("modules")}: {modules.Count} modules; models of several parts are merged whole, by the names of their tensors: use models and filters");
        }

        string at = $"modules.{modules.First().Key}";
        JsonObject module = Map(modules.First().Value, at);
        CheckKeys(module, at, ["models", "slices", "parameters"]);
        return module["models"] is null != module["slices"] is null
            ? (module, at + ".", _parameters.Read(module["parameters"], $"{at}.parameters"))
            : throw new ConfigException($"{_tree.PlaceOf(at)}: a module has either models or slices");
    }

    private MergeSlice Models(JsonObject group, string at, Dictionary<string, ParameterValue> module) =>
        new([.. Items(group["models"], $"{at}models").Select(item => Input(item.Node, item.At, sliced: false))], null, [module], _tree.PlaceOf($"{at}models"));

    private List<MergeSlice> Slices(JsonObject group, string at, Dictionary<string, ParameterValue> module) =>
    [
        .. Items(group["slices"], $"{at}slices").Select(item =>
        {
            JsonObject slice = Map(item.Node, item.At);
            CheckKeys(slice, item.At, ["sources", "base_model", "parameters", "residual_weight"]);
            if (slice.ContainsKey("residual_weight"))
            {
                _notes.Add($"{_tree.PlaceOf($"{item.At}.residual_weight")}: residual_weight has no effect");
            }

            ModelReference? origin = slice["base_model"] is { } node ? Model(node, $"{item.At}.base_model") : null;
            var own = _parameters.Read(slice["parameters"], $"{item.At}.parameters");
            return new MergeSlice([.. Items(slice["sources"], $"{item.At}.sources").Select(s => Input(s.Node, s.At, sliced: true))], origin, [own, module], _tree.PlaceOf(item.At));
        }),
    ];

    private MergeInput Input(JsonNode? node, string at, bool sliced)
    {
        JsonObject input = Map(node, at);
        CheckKeys(input, at, sliced ? ["model", "layer_range", "parameters"] : ["model", "parameters"]);
        ModelReference model = input.ContainsKey("model") ? Model(input["model"], $"{at}.model") : throw new ConfigException($"{_tree.PlaceOf(at)}: model is missing");
        var parameters = _parameters.Read(input["parameters"], $"{at}.parameters", ofModel: true);
        if (!sliced)
        {
            return new MergeInput(model, 0, null, parameters, _tree.PlaceOf(at));
        }

        string range = $"{at}.layer_range";
        int[] ends = [.. Items(input["layer_range"], range).Select(item => Whole(item.Node, item.At))];
        if (ends.Length != 2)
        {
            throw new ConfigException($"{_tree.PlaceOf(range)}: layer_range takes two numbers: the first layer and the one after the last");
        }

        return ends[0] <= ends[1] && ends[0] >= 0
            ? new MergeInput(model, ends[0], ends[1], parameters, _tree.PlaceOf(range))
            : throw new ConfigException($"{_tree.PlaceOf(range)}: layer_range [{ends[0]}, {ends[1]}]: the first number must be at least 0 and not above the second");
    }

    private VocabularyOptions? Vocabulary(JsonObject root)
    {
        if (root["tokenizer_source"] is { } source)
        {
            return root["tokenizer"] is null
                ? Tokenizer(Text(source, "tokenizer_source"), "tokenizer_source", [], 1)
                : throw new ConfigException($"{_tree.PlaceOf("tokenizer")}: tokenizer and tokenizer_source exclude each other");
        }

        if (root["tokenizer"] is null)
        {
            return null;
        }

        JsonObject tokenizer = Map(root["tokenizer"], "tokenizer");
        CheckKeys(tokenizer, "tokenizer", ["source", "tokens", "pad_to_multiple_of"]);
        Dictionary<string, TokenOptions> tokens = [];
        foreach ((string token, JsonNode? node) in tokenizer["tokens"] is { } listed ? Map(listed, "tokenizer.tokens") : [])
        {
            tokens.Add(token, Token(node, $"tokenizer.tokens.{token}"));
        }

        int multiple = tokenizer["pad_to_multiple_of"] is { } pad ? Whole(pad, "tokenizer.pad_to_multiple_of") : 1;
        return multiple >= 1
            ? Tokenizer(tokenizer["source"] is { } kind ? Text(kind, "tokenizer.source") : "base", "tokenizer.source", tokens, multiple)
            : throw new ConfigException($"{_tree.PlaceOf("tokenizer.pad_to_multiple_of")}: expected at least 1, found {multiple}");
    }

    private VocabularyOptions Tokenizer(string source, string at, Dictionary<string, TokenOptions> tokens, int multiple) =>
        new(source == "union", source is "union" or "base" ? null : Model(source, at), tokens, multiple);

    private TokenOptions Token(JsonNode? node, string at)
    {
        JsonObject token = Map(node, at);
        CheckKeys(token, at, ["source", "force"]);
        bool force = token["force"] is { } forced && (forced.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False
            ? forced.GetValue<bool>() : throw new ConfigException($"{_tree.PlaceOf($"{at}.force")}: expected true or false, found {forced.ToJsonString()}"));
        if (token["source"] is not JsonObject source)
        {
            return token["source"] is { } plain ? new TokenOptions(Model(plain, $"{at}.source"), null, null, false, force) : new TokenOptions(null, null, null, false, force);
        }

        CheckKeys(source, $"{at}.source", ["kind", "model", "token", "token_id"]);
        string kind = source["kind"] is { } written ? Text(written, $"{at}.source.kind") : "model_token";
        if (kind == "zero")
        {
            return new TokenOptions(null, null, null, true, force);
        }

        if (kind != "model_token" || source["model"] is null || source["token"] is null == source["token_id"] is null)
        {
            throw new ConfigException($"{_tree.PlaceOf($"{at}.source")}: expected {{kind: zero}}, or {{kind: model_token, model: M}} with either token or token_id");
        }

        return new TokenOptions(
            Model(source["model"], $"{at}.source.model"),
            source["token"] is { } text ? Text(text, $"{at}.source.token") : null,
            source["token_id"] is { } id ? Whole(id, $"{at}.source.token_id") : null,
            false,
            force);
    }

    private DType? Type(JsonObject root, string key)
    {
        if (root[key] is not { } node)
        {
            return null;
        }

        string name = Text(node, key);
        return (name.StartsWith("torch.", StringComparison.Ordinal) ? name[6..] : name) switch
        {
            "float32" or "float" => DType.F32,
            "bfloat16" => DType.BF16,
            "float16" or "half" => DType.F16,
            "float64" or "double" => DType.F64,
            _ => throw new ConfigException($"{_tree.PlaceOf(key)}: {key}: there is no type '{name}' for merged weights; known are bfloat16, float16, float32 and float64"),
        };
    }

    private ModelReference Model(JsonNode? node, string at)
    {
        if (node is JsonObject map)
        {
            // The long form, as mergekit prints it.
            CheckKeys(map, at, ["model", "lora", "override_architecture"]);
            string path = Part(map["model"], $"{at}.model");
            return ModelReference.Parse(map["lora"] is { } lora ? $"{path}+{Part(lora, $"{at}.lora")}" : path, _tree.File, _tree.PlaceOf(at), _hub);
        }

        return ModelReference.Parse(Text(node, at), _tree.File, _tree.PlaceOf(at), _hub);

        string Part(JsonNode? part, string where) => part is JsonObject inner ? Text(inner["path"], $"{where}.path") : Text(part, where);
    }

    private void CheckKeys(JsonObject map, string at, string[] known)
    {
        foreach (string key in map.Select(p => p.Key).Where(key => !known.Contains(key)))
        {
            string path = at.Length == 0 ? key : $"{at}.{key}";
            if (at.Length > 0 || (!s_others.Contains(key) && !_tree.IsAnchored(path)))
            {
                throw new ConfigException($"{_tree.PlaceOf(path)}: unknown key '{key}'{Suggestion.For(key, known)}; known here are {string.Join(", ", known)}");
            }

            _notes.Add($"{_tree.PlaceOf(path)}: {key} has no effect");
        }
    }

    private IEnumerable<(JsonNode? Node, string At)> Items(JsonNode? node, string at) => node is JsonArray { Count: > 0 } list
        ? list.Select((item, i) => (item, $"{at}[{i}]"))
        : throw new ConfigException($"{_tree.PlaceOf(at)}: {at}: expected a list{(node is JsonArray ? " that is not empty" : $", found {Found(node)}")}");

    private JsonObject Map(JsonNode? node, string at) =>
        node as JsonObject ?? throw new ConfigException($"{_tree.PlaceOf(at)}: {at}: expected keys with values, found {Found(node)}");

    private string Text(JsonNode? node, string at) => node is JsonValue value && value.GetValueKind() is System.Text.Json.JsonValueKind.String or System.Text.Json.JsonValueKind.Number
        ? value.ToString()
        : throw new ConfigException($"{_tree.PlaceOf(at)}: {at}: expected text, found {Found(node)}");

    private int Whole(JsonNode? node, string at) => node is JsonValue value && value.TryGetValue(out long number) && number is >= int.MinValue and <= int.MaxValue
        ? (int)number
        : throw new ConfigException($"{_tree.PlaceOf(at)}: {at}: expected a whole number, found {Found(node)}");

    private static string Found(JsonNode? node) => PrintableName.Quote(node?.ToJsonString() ?? "nothing");
}
