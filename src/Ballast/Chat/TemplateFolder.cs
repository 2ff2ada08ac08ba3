using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Chat;

/// <summary>The chat templates of a model folder, found as Hugging Face finds them, and its special tokens.</summary>
/// <param name="Templates">Name to source and file; the one without a name is "default".</param>
/// <param name="SpecialTokens">bos_token, eos_token and the like to their text.</param>
internal sealed record TemplateFolder(IReadOnlyDictionary<string, (string Source, string File)> Templates, IReadOnlyDictionary<string, string> SpecialTokens)
{
    private const int MaxBytes = 64 * 1024 * 1024;

    private static readonly string[] s_tokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>
    /// chat_template.jinja and additional_chat_templates/NAME.jinja win over tokenizer_config.json, whose chat_template is a text or a list of names and texts.
    /// chat_template.json belongs to processors and is not read.
    /// </summary>
    public static TemplateFolder Read(string folder)
    {
        string configPath = Path.Combine(folder, "tokenizer_config.json");
        JsonObject config = ReadJson(configPath);
        var templates = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        string own = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(own))
        {
            templates["default"] = (ReadText(own), own);
        }

        string more = Path.Combine(folder, "additional_chat_templates");
        string[] named = Directory.Exists(more) ? Directory.GetFiles(more, "*.jinja") : [];
        foreach (string file in named.Order(StringComparer.Ordinal))
        {
            templates[Path.GetFileNameWithoutExtension(file)] = (ReadText(file), file);
        }

        if (templates.Count == 0)
        {
            AddConfigured(templates, config["chat_template"], configPath);
        }

        return new TemplateFolder(templates, ReadTokens(config, ReadJson(Path.Combine(folder, "special_tokens_map.json"))));
    }

    /// <summary>The special tokens of the folder a file lies in.</summary>
    public static IReadOnlyDictionary<string, string> ReadTokens(string folder) =>
        ReadTokens(ReadJson(Path.Combine(folder, "tokenizer_config.json")), ReadJson(Path.Combine(folder, "special_tokens_map.json")));

    /// <summary>A template by name; a name that is none of them is itself the template's text, as in Hugging Face.</summary>
    public (string Source, string File) Named(string nameOrText) => Templates.TryGetValue(nameOrText, out var found) ? found : (nameOrText, "chat template");

    /// <summary>A template file as text; bytes that are not UTF-8 are refused.</summary>
    public static string ReadText(string path)
    {
        try
        {
            return FileSize.Of(path) > MaxBytes
                ? throw new TemplateException($"{path}: larger than {MaxBytes} bytes; expected a chat template or a tokenizer's configuration")
                : new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
        }
        catch (System.Text.DecoderFallbackException e)
        {
            throw new TemplateException($"{path}: not UTF-8 text ({e.Message})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TemplateException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private static JsonObject ReadJson(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(ReadText(path)) as JsonObject ?? throw new TemplateException($"{path}: not a JSON object");
        }
        catch (JsonException e)
        {
            throw new TemplateException($"{path}: not valid JSON ({e.Message})", e);
        }
    }

    private static void AddConfigured(Dictionary<string, (string, string)> templates, JsonNode? configured, string path)
    {
        if (Text(configured) is { } single)
        {
            templates["default"] = (single, path);
        }
        else if (configured is JsonArray list)
        {
            foreach (JsonNode? entry in list)
            {
                JsonObject pair = entry as JsonObject ?? throw Malformed();
                templates[Text(pair["name"]) ?? throw Malformed()] = (Text(pair["template"]) ?? throw Malformed(), path);
            }
        }
        else if (configured is not null)
        {
            throw Malformed();
        }

        TemplateException Malformed() => new($"{path}: chat_template is neither a text nor a list of objects with a name and a template");
    }

    private static Dictionary<string, string> ReadTokens(JsonObject config, JsonObject map)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in s_tokenNames)
        {
            if (TokenText(config[name] ?? map[name]) is { } text)
            {
                tokens[name] = text;
            }
        }

        foreach ((string name, JsonNode? token) in config["extra_special_tokens"] as JsonObject ?? [])
        {
            if (TokenText(token) is { } text)
            {
                tokens[name] = text;
            }
        }

        return tokens;
    }

    private static string? TokenText(JsonNode? token) => Text(token is JsonObject added ? added["content"] : token);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
