using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Merging.Vocabularies;

/// <summary>The vocabulary of a tokenizer.json: token texts and ids, and the file's tree, to which tokens can be added.</summary>
internal sealed class TokenizerFile
{
    private const string FileName = "tokenizer.json";
    private const long MaxBytes = 256 << 20;

    private readonly JsonObject _root;
    private readonly string _path;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> _added = new(StringComparer.Ordinal);

    private TokenizerFile(string path)
    {
        _path = path;
        _root = JsonFile.ReadObject(path, MaxBytes);
        foreach ((string token, JsonNode? id) in (_root["model"] as JsonObject)?["vocab"] as JsonObject
            ?? throw new TokenizerException($"{path}: model.vocab is no map from tokens to ids; vocabularies of BPE tokenizers can be joined"))
        {
            _ids[token] = Number(id, token);
        }

        foreach (JsonObject token in (_root["added_tokens"] as JsonArray ?? []).OfType<JsonObject>())
        {
            string content = token["content"]?.ToString() ?? throw new TokenizerException($"{path}: an added token has no content");
            _ids[content] = Number(token["id"], content);
            _added[content] = token;
        }
    }

    /// <summary>Every token and its id.</summary>
    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>Whether tokens were added since the file was read.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Reads the tokenizer of a model's folder.</summary>
    /// <exception cref="TokenizerException">The folder has none, or one of another kind.</exception>
    public static TokenizerFile Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) ? new TokenizerFile(path)
            : throw new TokenizerException($"{folder}: there is no {FileName}; tokenizer and tokenizer_source need the tokenizer of every model");
    }

    /// <summary>The settings of an added token, or null for a token of the model's own.</summary>
    public JsonObject? Added(string token) => _added.GetValueOrDefault(token);

    /// <summary>Adds a token that is cut out of texts before all others.</summary>
    /// <param name="token">Its text.</param>
    /// <param name="id">Its id.</param>
    /// <param name="settings">Settings of a like token; null for a plain one.</param>
    public void AddSpecial(string token, int id, JsonObject? settings)
    {
        JsonObject entry = settings?.DeepClone().AsObject() ?? new JsonObject
        {
            ["id"] = id, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = false,
        };
        entry["id"] = id;
        if (_root["added_tokens"] is not JsonArray list)
        {
            _root["added_tokens"] = list = [];
        }

        list.Add((JsonNode)entry);
        (_ids[token], _added[token], IsChanged) = (id, entry, true);
    }

    /// <summary>Adds a token of the model's own. No rule leads to it, so texts are cut as before.</summary>
    public void AddOrdinary(string token, int id)
    {
        _root["model"]!["vocab"]![token] = id;
        (_ids[token], IsChanged) = (id, true);
    }

    /// <summary>The file's text.</summary>
    public string Write() => JsonFile.Indented(_root);

    private int Number(JsonNode? id, string token) => id is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number) && number is >= 0 and < 1 << 24
        ? number
        : throw new TokenizerException($"{_path}: the token {PrintableName.Quote(token)} has no id between 0 and {(1 << 24) - 1}");
}
