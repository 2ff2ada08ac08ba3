using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ballast.Checkpoints;
using Ballast.Tokenizers;

namespace Ballast.Demo;

/// <summary>A byte-level BPE tokenizer that holds every word of some texts whole; other text falls back to single bytes.</summary>
/// <remarks>Whole words are found without merges (<c>ignore_merges</c>, as in Llama 3), so there are none.</remarks>
internal sealed partial class WorldTokenizer
{
    public const string Begin = "<|begin|>", User = "<|user|>", Assistant = "<|assistant|>", End = "<|end|>", Pad = "<|pad|>";

    public const string ChatTemplate =
        "{{ bos_token }}{% for message in messages %}" +
        "{% if message['role'] == 'user' %}{{ '" + User + "' + message['content'] + '" + End + "' }}" +
        "{% elif message['role'] == 'assistant' %}{{ '" + Assistant + "' }}{% generation %}{{ message['content'] + '" + End + "' }}{% endgeneration %}" +
        "{% else %}{{ raise_exception('this model knows the roles user and assistant only') }}{% endif %}" +
        "{% endfor %}{% if add_generation_prompt %}{{ '" + Assistant + "' }}{% endif %}";

    private static readonly string[] s_special = [Begin, User, Assistant, End, Pad];

    private readonly string[] _vocabulary;

    public WorldTokenizer(IEnumerable<string> texts)
    {
        var words = texts.SelectMany(text => Word().Matches(text).Select(match => match.Value)).Where(word => word.Length > 1);
        _vocabulary =
        [
            .. Enumerable.Range(0, 256).Select(value => ByteAlphabet.Letter((byte)value).ToString()),
            .. words.Distinct().Order(StringComparer.Ordinal).Select(word => ByteAlphabet.Write(System.Text.Encoding.UTF8.GetBytes(word))),
        ];
    }

    /// <summary>Words, bytes and special tokens.</summary>
    public int Size => _vocabulary.Length + s_special.Length;

    /// <summary>The id of a special token.</summary>
    public int Id(string special) => _vocabulary.Length + Array.IndexOf(s_special, special);

    /// <summary>The content of tokenizer.json.</summary>
    public string TokenizerJson()
    {
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        return JsonFile.Indented(new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. s_special.Select(AddedToken)]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = byteLevel,
            ["post_processor"] = null,
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = true,
                ["vocab"] = new JsonObject(_vocabulary.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["merges"] = new JsonArray(),
            },
        });
    }

    /// <summary>The content of tokenizer_config.json.</summary>
    public static string ConfigJson(int maxLength) => JsonFile.Indented(new JsonObject
    {
        ["tokenizer_class"] = "PreTrainedTokenizerFast",
        ["bos_token"] = Begin,
        ["eos_token"] = End,
        ["pad_token"] = Pad,
        ["clean_up_tokenization_spaces"] = false,
        ["model_max_length"] = maxLength,
        ["chat_template"] = ChatTemplate,
    });

    private JsonObject AddedToken(string token) => new()
    {
        ["id"] = Id(token),
        ["content"] = token,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    // What GPT-2's pattern makes of the world's plain sentences: words with the blank before them, 'm, and marks.
    [GeneratedRegex(@"'m| ?[A-Za-z]+| ?[^A-Za-z\s]+")]
    private static partial Regex Word();
}
