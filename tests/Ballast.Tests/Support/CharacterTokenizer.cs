using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Tokenizers;

namespace Ballast.Tests.Support;

/// <summary>A tokenizer whose ids are bytes, so that tests can read them; special tokens follow from 256 on: &lt;s&gt;, &lt;/s&gt;, &lt;|im_start|&gt;, &lt;|im_end|&gt;.</summary>
internal static class CharacterTokenizer
{
    public const int Bos = 256;
    public const int Eos = 257;
    public const int VocabSize = 260;

    /// <summary>Writes and loads it.</summary>
    /// <param name="addsBos">Texts begin with &lt;s&gt;.</param>
    /// <param name="addsEos">Texts end with &lt;/s&gt;.</param>
    /// <param name="namesEos">The configuration names an end token.</param>
    public static Tokenizer Make(bool addsBos = true, bool addsEos = false, bool namesEos = true)
    {
        string[] specials = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"];
        var vocabulary = new JsonObject();
        for (int i = 0, others = 256; i < 256; i++)
        {
            bool printable = i is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            vocabulary[((char)(printable ? i : others++)).ToString()] = i;
        }

        var added = new JsonArray();
        foreach (string special in specials)
        {
            int id = Bos + added.Count;
            added.Add((JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = special, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            });
        }

        JsonObject Special(string token) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } };
        JsonObject Named(string token, int id) => new() { ["id"] = token, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(token) };
        var single = new JsonArray(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        if (addsBos)
        {
            single.Insert(0, Special("<s>"));
        }

        if (addsEos)
        {
            single.Add((JsonNode)Special("</s>"));
        }

        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = single,
                ["pair"] = single.DeepClone(),
                ["special_tokens"] = new JsonObject { ["<s>"] = Named("<s>", Bos), ["</s>"] = Named("</s>", Eos) },
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), file.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), string.Create(CultureInfo.InvariantCulture, $$"""{"bos_token": "<s>"{{(namesEos ? ", \"eos_token\": \"</s>\"" : "")}}}"""));
        return Tokenizer.Load(folder);
    }

    /// <summary>Ids as text: bytes below 256 as characters, special tokens by name, so that a row can be read.</summary>
    public static string Read(IEnumerable<int> ids) => string.Concat(ids.Select(id => id switch
    {
        Bos => "<s>",
        Eos => "</s>",
        258 => "<|im_start|>",
        259 => "<|im_end|>",
        _ => ((char)id).ToString(),
    }));
}
