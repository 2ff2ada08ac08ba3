using System.Text.Json.Nodes;
using Ballast.Tests.Support;
using Ballast.Tokenizers;

namespace Ballast.Tests.Tokenizers;

/// <summary>Tokenizers small enough to know by heart.</summary>
internal static class SmallTokenizers
{
    /// <summary>Byte-level: ids 0 to 255 are the bytes, 256 "he", 257 " t", 258 " the", 259 is the special token &lt;|end|&gt;.</summary>
    public static JsonObject ByteLevel()
    {
        JsonObject vocabulary = [];
        for (int b = 0; b < 256; b++)
        {
            vocabulary[char.ToString(ByteAlphabet.Letter((byte)b))] = b;
        }

        vocabulary["he"] = 256;
        vocabulary["\u0120t"] = 257;
        vocabulary["\u0120the"] = 258;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(259, "<|end|>")),
            ["pre_tokenizer"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false}"""),
            ["decoder"] = JsonNode.Parse("""{"type": "ByteLevel"}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray("h e", "\u0120 t", "\u0120t he"),
            },
        };
    }

    /// <summary>Llama 2's way: 0 unk, 1 and 2 BOS and EOS, 3 to 258 bytes, then blank, a, b, blank + a, ab.</summary>
    public static JsonObject ByteFallback()
    {
        JsonObject vocabulary = new() { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int b = 0; b < 256; b++)
        {
            vocabulary[$"<0x{b:X2}>"] = 3 + b;
        }

        foreach (string token in (string[])["\u2581", "a", "b", "\u2581a", "ab"])
        {
            vocabulary[token] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")),
            ["normalizer"] = JsonNode.Parse("""
                {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray("\u2581 a", "a b"),
            },
        };
    }

    public static JsonNode Added(int id, string content) => new JsonObject
    {
        ["id"] = id,
        ["content"] = content,
        ["special"] = true,
        ["normalized"] = false,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
    };

    public static Tokenizer Load(JsonObject json, string? config = null) => Tokenizer.Load(Save(json.ToJsonString(), config));

    /// <summary>Writes tokenizer.json (and its configuration) into a fresh folder; returns the file.</summary>
    public static string Save(string json, string? config = null)
    {
        string folder = Shared.TemporaryFolder();
        if (config is not null)
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        }

        string file = Path.Combine(folder, "tokenizer.json");
        File.WriteAllText(file, json);
        return file;
    }

    /// <summary>A SentencePiece model file: (piece, score, type) and the normalizer's switches.</summary>
    public static byte[] SentencePiece(IEnumerable<(string Text, float Score, int Type)> pieces, int modelType = 2, bool removeWhitespace = false, string map = "")
    {
        MemoryStream model = new();
        foreach ((string text, float score, int type) in pieces)
        {
            MemoryStream piece = new();
            Bytes(piece, 1, System.Text.Encoding.UTF8.GetBytes(text));
            piece.WriteByte((2 << 3) | 5);
            piece.Write(BitConverter.GetBytes(score));
            Number(piece, 3, type);
            Bytes(model, 1, piece.ToArray());
        }

        MemoryStream trainer = new();
        Number(trainer, 3, modelType);
        Number(trainer, 35, 1);
        Bytes(model, 2, trainer.ToArray());
        MemoryStream normalizer = new();
        Bytes(normalizer, 1, "identity"u8);
        Bytes(normalizer, 2, System.Text.Encoding.UTF8.GetBytes(map));
        Number(normalizer, 4, removeWhitespace ? 1 : 0);
        Bytes(model, 3, normalizer.ToArray());
        return model.ToArray();

        static void Bytes(MemoryStream target, int field, ReadOnlySpan<byte> content)
        {
            Varint(target, (field << 3) | 2);
            Varint(target, content.Length);
            target.Write(content);
        }

        static void Number(MemoryStream target, int field, int value)
        {
            Varint(target, field << 3);
            Varint(target, value);
        }

        static void Varint(MemoryStream target, int value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                target.WriteByte((byte)(value & 0x7F | 0x80));
            }

            target.WriteByte((byte)value);
        }
    }

    /// <summary>The pieces of a model in which every text can be written: unk, BOS, EOS, bytes, blank, a, b, blank + a.</summary>
    public static List<(string Text, float Score, int Type)> Pieces() =>
    [
        ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3),
        .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, 6)),
        ("\u2581a", -1, 1), ("\u2581", -2, 1), ("a", -3, 1), ("b", -4, 1),
    ];
}
