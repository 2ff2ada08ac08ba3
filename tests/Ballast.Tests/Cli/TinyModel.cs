using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Tests.Cli;

/// <summary>A complete model folder of a few thousand random weights: configuration, safetensors, byte tokenizer and chat template.</summary>
internal static class TinyModel
{
    private const int End = 257;

    private static readonly string[] s_specials = ["<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"];

    /// <summary>Writes the folder; the same seed gives the same weights.</summary>
    public static string Create(string folder, ulong seed = 1, int width = 16, int layers = 2)
    {
        var json = new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = 256 + s_specials.Length,
            ["hidden_size"] = width,
            ["intermediate_size"] = 3 * width / 2,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = 2,
            ["num_key_value_heads"] = 1,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-5,
            ["bos_token_id"] = 256,
            ["eos_token_id"] = End,
        };
        using var model = Decoder.Create(DecoderConfig.Parse(json, "config.json"), seed);
        using var writer = new CheckpointWriter(folder, model.Weights.Names.Select(n => TensorEntry.Create(n.Name, DType.F32, n.Shape)));
        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                writer.Write(name, MemoryMarshal.AsBytes(view.ToArray<float>().AsSpan()));
            }
        }

        writer.WriteText("config.json", json.ToJsonString());
        writer.WriteText("tokenizer.json", TokenizerJson().ToJsonString());
        writer.WriteText("tokenizer_config.json", """{"bos_token": "<s>", "eos_token": "</s>"}""");
        writer.WriteText(
            "chat_template.jinja",
            "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}" +
            "{% if add_generation_prompt %}<|assistant|>{% endif %}");
        writer.Complete();
        return folder;
    }

    private static JsonObject TokenizerJson()
    {
        JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        var vocabulary = new JsonObject();
        foreach (char letter in ByteLetters())
        {
            vocabulary[letter.ToString()] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. s_specials.Select((text, i) => new JsonObject
            {
                ["id"] = 256 + i,
                ["content"] = text,
                ["special"] = true,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
            })]),
            ["pre_tokenizer"] = ByteLevel(),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
    }

    /// <summary>The letter that stands for each byte in a byte-level vocabulary, in byte order.</summary>
    private static IEnumerable<char> ByteLetters()
    {
        int further = 256;
        for (int b = 0; b < 256; b++)
        {
            yield return b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174 ? (char)b : (char)further++;
        }
    }
}
