using System.Text.Json.Nodes;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
using Xunit;

namespace Ballast.Tests.Tokenizers;

public sealed class TokenizerFileTests
{
    public static TheoryData<string, string, string> Unsupported() => new()
    {
        { "normalizer", """{"type": "Precompiled", "precompiled_charsmap": ""}""", "Precompiled" },
        { "normalizer", """{"type": "BertNormalizer"}""", "BertNormalizer" },
        { "pre_tokenizer", """{"type": "UnicodeScripts"}""", "UnicodeScripts" },
        { "pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "(?<=a)b"}, "behavior": "Isolated"}""", "(?<=" },
        { "pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "[\\p{Han}]"}, "behavior": "Isolated"}""", "Han" },
        { "pre_tokenizer", """{"type": "Split", "pattern": {"String": " "}, "behavior": "Sideways"}""", "Sideways" },
        { "decoder", """{"type": "CTC"}""", "CTC" },
        { "post_processor", """{"type": "BertProcessing"}""", "BertProcessing" },
        { "post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>"}}], "pair": [], "special_tokens": {}}""", "<x>" },
        { "model", """{"type": "WordLevel", "vocab": {}}""", "WordLevel" },
        { "model", """{"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}""", "dropout" },
        { "model", """{"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}""", "end_of_word_suffix" },
        { "model", """{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}""", "not in the vocabulary" },
        { "model", """{"type": "BPE", "vocab": {"a": 0}, "merges": ["a a a"]}""", "expected two tokens" },
        { "model", """{"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}""", "two tokens" },
        { "model", """{"type": "BPE", "vocab": {"a": 2000000000}, "merges": []}""", "2000000000" },
        { "model", """{"type": "BPE", "vocab": {"a": -1}, "merges": []}""", "-1" },
        { "model", """{"type": "BPE", "vocab": [], "merges": []}""", "expected an object" },
        { "model", """{"type": "BPE", "vocab": {"\ud800": 1}, "merges": []}""", "surrogate" },
        { "added_tokens", """[{"id": 99999999, "content": "x"}]""", "99999999" },
        { "added_tokens", """[{"content": "x"}]""", "added_tokens[0].id" },
        { "truncation", """{"max_length": "x"}""", "truncation.max_length" },
    };

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void What_is_not_supported_is_refused_by_name(string section, string json, string expected)
    {
        JsonObject tokenizer = SmallTokenizers.ByteLevel();
        string file = SmallTokenizers.Save(tokenizer.ToJsonString().Insert(1, $"\"extra\":0,"));
        tokenizer.Remove(section);
        File.WriteAllText(file, tokenizer.ToJsonString().Insert(1, $"\"{section}\": {json},"));
        TokenizerException fault = Assert.Throws<TokenizerException>(() => Tokenizer.Load(file));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void G8_deep_nesting_is_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 5000));
        Refused($$"""{"normalizer": {{deep}}""", "nesting");
    }

    [Fact]
    public void G8_a_file_of_hostile_size_is_not_read()
    {
        string file = SmallTokenizers.Save("{}");
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(300L << 20);
        }

        Assert.Contains("at most", Assert.Throws<TokenizerException>(() => Tokenizer.Load(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[]", "neither a tokenizer.json")]
    [InlineData("{}", "neither a tokenizer.json")]
    [InlineData("{\"model\": {}}", "without type and merges")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS")]
    public void A_file_that_is_no_tokenizer_is_refused(string content, string expected) => Refused(content, expected);

    [Fact]
    public void Absent_files_are_named()
    {
        string folder = Shared.TemporaryFolder();
        Assert.Contains("tokenizer.json", Assert.Throws<TokenizerException>(() => Tokenizer.Load(folder)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<TokenizerException>(() => Tokenizer.Load(Path.Combine(folder, "x.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_explodes_is_stopped()
    {
        JsonObject json = SmallTokenizers.ByteLevel();
        json["pre_tokenizer"] = JsonNode.Parse("""{"type": "Split", "pattern": {"Regex": "(?:a|a)*b"}, "behavior": "Isolated"}""");
        Tokenizer tokenizer = SmallTokenizers.Load(json);
        TokenizerException fault = Assert.Throws<TokenizerException>(() => tokenizer.Encode(new string('a', 40)));
        Assert.Contains("too many steps", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncation_without_room_is_a_fault()
    {
        Tokenizer tokenizer = SmallTokenizers.Load(SmallTokenizers.ByteLevel());
        Assert.Throws<TokenizerException>(() => tokenizer.EncodeBatch(["abc"], truncation: new Truncation(2, Stride: 2)));
        Assert.Throws<TokenizerException>(() => tokenizer.EncodeBatch(["abc"], truncation: new Truncation(-1)));
        Assert.Empty(tokenizer.EncodeBatch(["abc"], truncation: new Truncation(0))[0].Ids);
    }

    [Theory]
    [InlineData("IQ== 0\nnonsense\n", ":2:")]
    [InlineData("IQ== 0\nIQ== 1\n", "listed twice")]
    [InlineData("IQ== 0\nIg== 1\n", "0x00")]
    [InlineData("IQ== 0\nIg== 99999999999\n", ":2:")]
    public void Damaged_tiktoken_ranks_are_refused(string content, string expected)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(() => Tokenizer.Load(Model(System.Text.Encoding.UTF8.GetBytes(content))));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SentencePiece_settings_other_than_Llamas_are_refused()
    {
        List<(string, float, int)> pieces = SmallTokenizers.Pieces();
        Refuse(SmallTokenizers.SentencePiece(pieces, modelType: 1), "Unigram");
        Refuse(SmallTokenizers.SentencePiece(pieces, removeWhitespace: true), "white space");
        Refuse(SmallTokenizers.SentencePiece(pieces, map: "x"), "character map");
        Refuse(SmallTokenizers.SentencePiece([.. pieces, ("user", 0, 4)]), "\"user\"");
        Refuse(SmallTokenizers.SentencePiece([.. pieces, ("xy", -5, 1)]), "no piece itself");
        Refuse(SmallTokenizers.SentencePiece([.. pieces, (new string('a', 600), -5, 1)]), "600");
        Refuse(SmallTokenizers.SentencePiece([.. pieces, ("a", -5, 1)]), "listed twice");

        static void Refuse(byte[] model, string expected) =>
            Assert.Contains(expected, Assert.Throws<TokenizerException>(() => Tokenizer.Load(Model(model))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_SentencePiece_models_raise_nothing_but_a_fault()
    {
        byte[] model = SmallTokenizers.SentencePiece(SmallTokenizers.Pieces());
        string file = Model(model);
        Random random = new(7);
        int refused = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. model[..(i % 2 == 0 ? random.Next(model.Length) : model.Length)]];
            for (int k = 0; k < i % 7 && damaged.Length > 0; k++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, damaged);
            try
            {
                Tokenizer.Load(file).Encode("a b");
            }
            catch (TokenizerException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 150, 400);
    }

    [Fact]
    public void Merges_and_vocabulary_read_as_files_of_their_own()
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "vocab.json"), """{"a": 0, "b": 1, "ab": 2, "\u0120": 3, "<|endoftext|>": 4}""");
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "#version: 0.2\r\na b\r\n");
        Tokenizer tokenizer = Tokenizer.Load(folder);
        Assert.Equal([2, 3, 2, 4], tokenizer.Encode("ab ab<|endoftext|>"));
        Assert.Equal((4, 4), (tokenizer.BosId, tokenizer.EosId));
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "a b\na b c\n");
        Assert.Contains("merges.txt:2", Assert.Throws<TokenizerException>(() => Tokenizer.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_character_without_unknown_token_is_a_fault()
    {
        Tokenizer tokenizer = Tokenizer.Load(SmallTokenizers.Save("""{"model": {"type": "BPE", "unk_token": "<unk>", "vocab": {"a": 0}, "merges": []}}"""));
        Assert.Equal([0], tokenizer.Encode("a"));
        Assert.Contains("U+0062", Assert.Throws<TokenizerException>(() => tokenizer.Encode("ab")).Message, StringComparison.Ordinal);
    }

    private static string Model(byte[] content)
    {
        string file = Path.Combine(Shared.TemporaryFolder(), "tokenizer.model");
        File.WriteAllBytes(file, content);
        return file;
    }

    private static void Refused(string content, string expected)
    {
        string file = SmallTokenizers.Save(content);
        TokenizerException fault = Assert.Throws<TokenizerException>(() => Tokenizer.Load(file));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, fault.Message, StringComparison.Ordinal);
    }
}
