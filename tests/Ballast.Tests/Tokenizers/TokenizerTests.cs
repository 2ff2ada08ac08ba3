using System.Diagnostics;
using System.Text.Json.Nodes;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Ballast.Tests.Tokenizers;

public sealed class TokenizerTests
{
    private static readonly Config s_check = Config.QuickThrowOnFailure.WithMaxTest(500);
    private static readonly Tokenizer s_byteLevel = SmallTokenizers.Load(SmallTokenizers.ByteLevel());
    private static readonly Tokenizer s_byteFallback = SmallTokenizers.Load(SmallTokenizers.ByteFallback());

    /// <summary>Texts of letters, blanks, marks, letters beyond the BMP and special tokens, without unpaired surrogates.</summary>
    private static readonly Arbitrary<string> s_texts = Gen.ArrayOf(Gen.OneOf(
        Gen.Elements("a", "b", "the", " ", "  ", "\n", "\u2581", "e\u0301", "\u4E2D", "\U0001F999", "\U00010400", "<s>", "</s>", "<|end|>", "'s", "1", "\0"),
        Gen.Choose(0, 0x10FFFF).Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32))).Select(string.Concat).ToArbitrary();

    [Fact]
    public void Byte_level_ids_are_those_worked_out_by_hand()
    {
        // "the" has no blank: t, he. " the" merges he, then blank + t, then both.
        Assert.Equal([0x74, 256, 258, 0x21, 259], s_byteLevel.Encode("the the!<|end|>"));
        Assert.Equal([(0, 1), (1, 3), (3, 7), (7, 8), (8, 15)], s_byteLevel.EncodeWithOffsets("the the!<|end|>").Offsets);
    }

    [Fact]
    public void Byte_fallback_ids_are_those_worked_out_by_hand()
    {
        // The prefix merges with the first a; "ab" ranks below blank + a; e acute has no token: bytes C3 A9.
        Assert.Equal([262, 261, 259, 3 + 0xC3, 3 + 0xA9, 263], s_byteFallback.Encode("ab \u00E9ab"));
        Assert.Equal([(0, 1), (1, 2), (2, 3), (3, 4), (3, 4), (4, 6)], s_byteFallback.EncodeWithOffsets("ab \u00E9ab").Offsets);
    }

    [Fact]
    public void Trimmed_offsets_leave_out_blanks_but_the_one_that_was_prefixed()
    {
        JsonObject json = SmallTokenizers.ByteLevel();
        json["post_processor"] = JsonNode.Parse("""{"type": "ByteLevel", "trim_offsets": true, "add_prefix_space": true}""");
        Assert.Equal([(0, 4), (5, 8), (9, 9)], SmallTokenizers.Load(json).EncodeWithOffsets(" the the ").Offsets);
    }

    [Fact]
    public void Byte_level_decoding_gives_back_any_text() =>
        Prop.ForAll(s_texts, text => s_byteLevel.Decode(s_byteLevel.Encode(text)) == text).Check(s_check);

    [Fact]
    public void Byte_fallback_decoding_gives_back_any_text_without_written_blanks() =>
        Prop.ForAll(s_texts, text =>
        {
            string plain = text.Replace("\u2581", "", StringComparison.Ordinal);
            return s_byteFallback.Decode(s_byteFallback.Encode(plain, parseSpecialTokens: false)) == plain;
        }).Check(s_check);

    [Fact]
    public void Offsets_ascend_and_cover_the_whole_text() =>
        Prop.ForAll(s_texts, text => Covers(s_byteLevel, text) && Covers(s_byteFallback, text)).Check(s_check);

    [Fact]
    public void Streamed_pieces_join_to_the_decoded_text() =>
        Prop.ForAll(s_texts, text => ((Tokenizer[])[s_byteLevel, s_byteFallback]).All(t =>
        {
            int[] ids = t.Encode(text);
            TokenStream stream = t.DecodeStream();
            return string.Concat(ids.Select(stream.Push)) + stream.Flush() == t.Decode(ids);
        })).Check(s_check);

    [Fact]
    public void Encoding_does_not_depend_on_what_was_encoded_before() =>
        Prop.ForAll(s_texts, text => SmallTokenizers.Load(SmallTokenizers.ByteLevel()).Encode(text).SequenceEqual(s_byteLevel.Encode(text)))
            .Check(s_check.WithMaxTest(20));

    [Fact]
    public void Concurrent_encoding_gives_the_same_ids()
    {
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => $"the word {i % 40} of the text")];
        int[][] parallel = [.. texts.AsParallel().AsOrdered().Select(t => s_byteLevel.Encode(t))];
        Assert.Equal(texts.Select(t => s_byteLevel.Encode(t)), parallel);
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\n ")]
    [InlineData("\u4E2D")]
    [InlineData("e\u0301")]
    public void A_text_that_is_one_word_does_not_cost_quadratic_time(string part)
    {
        // A quadratic merge takes hours for 600,000 characters, n log n a second.
        string text = string.Concat(Enumerable.Repeat(part, 600_000 / part.Length));
        Stopwatch watch = Stopwatch.StartNew();
        Assert.NotEmpty(s_byteLevel.Encode(text));
        Assert.NotEmpty(s_byteFallback.Encode(text));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A10_VocabSize_is_the_number_of_rows_a_model_needs()
    {
        Assert.Equal(260, s_byteLevel.VocabSize);
        JsonObject json = SmallTokenizers.ByteLevel();
        json["added_tokens"]!.AsArray().Add(SmallTokenizers.Added(999, "<|far|>"));
        Assert.Equal(1000, SmallTokenizers.Load(json).VocabSize);
        Assert.Equal(261, SmallTokenizers.Load(SmallTokenizers.ByteLevel(), """{"pad_token": "<|pad|>"}""").VocabSize);
    }

    [Fact]
    public void Special_tokens_come_from_the_configuration()
    {
        Tokenizer tokenizer = SmallTokenizers.Load(SmallTokenizers.ByteLevel(), """
            {"bos_token": null, "eos_token": {"content": "<|end|>", "special": true}, "pad_token": "<|pad|>"}
            """);
        Assert.Equal((null, 259, 260), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Equal(["eos_token", "pad_token"], tokenizer.SpecialTokens.Keys.Order());
        Assert.True(tokenizer.IsSpecial(260) && tokenizer.IsSpecial(259) && !tokenizer.IsSpecial(258));
        Assert.Equal([260], tokenizer.Encode("<|pad|>"));
        Assert.Equal("the", tokenizer.Decode([259, 0x74, 256, 259], skipSpecialTokens: true));
    }

    [Fact]
    public void Special_tokens_in_untrusted_text_can_stay_text()
    {
        Assert.DoesNotContain(259, s_byteLevel.Encode("a<|end|>b", parseSpecialTokens: false));
        Assert.Equal("a<|end|>b", s_byteLevel.Decode(s_byteLevel.Encode("a<|end|>b", parseSpecialTokens: false), skipSpecialTokens: true));
    }

    [Fact]
    public void Tokens_are_shown_as_a_person_reads_them()
    {
        Assert.Equal([" the", "<|end|>", "<0xE4>", "\n", ""], ((int[])[258, 259, 0xE4, 10, 5000]).Select(s_byteLevel.TokenText));
        Assert.Equal([" a", "<0x0A>", "</s>"], ((int[])[262, 13, 2]).Select(s_byteFallback.TokenText));
        Assert.Equal((258, 259, null), (s_byteLevel.TokenId("\u0120the"), s_byteLevel.TokenId("<|end|>"), s_byteLevel.TokenId("absent")));
    }

    [Fact]
    public void A_stream_of_tokens_without_text_costs_nothing()
    {
        TokenStream stream = s_byteLevel.DecodeStream(skipSpecialTokens: true);
        Stopwatch watch = Stopwatch.StartNew();
        Assert.All(Enumerable.Range(0, 300_000), i => Assert.Null(stream.Push(i % 2 == 0 ? 259 : 12345)));
        Assert.Equal("t", stream.Push('t'));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_stream_of_broken_bytes_is_given_out_after_a_while()
    {
        TokenStream stream = s_byteLevel.DecodeStream();
        string text = string.Concat(Enumerable.Range(0, 1000).Select(_ => stream.Push(0xE4))) + stream.Flush();
        Assert.Equal(new string('\uFFFD', 1000), text);
    }

    [Fact]
    public void A_SentencePiece_model_merges_by_score_and_of_equal_scores_the_leftmost()
    {
        List<(string, float, int)> pieces = [.. SmallTokenizers.Pieces(), ("ab", -1, 1), ("ba", -1, 1)];
        string file = Path.Combine(Shared.TemporaryFolder(), "tokenizer.model");
        File.WriteAllBytes(file, SmallTokenizers.SentencePiece(pieces));
        Tokenizer tokenizer = Tokenizer.Load(file);
        // All three merges score -1: blank + a (left), then ba; not blank, ab, a.
        Assert.Equal([259, 264], tokenizer.Encode("aba"));
        Assert.Equal([1, 259], tokenizer.Encode("a", addSpecialTokens: true));
        Assert.Equal((1, 2), (tokenizer.BosId, tokenizer.EosId));
        Assert.Equal("\u00E9\uFFFDa", tokenizer.Decode([3 + 0xC3, 3 + 0xA9, 3 + 0xFF, 261]));
    }

    private static bool Covers(Tokenizer tokenizer, string text)
    {
        int covered = 0;
        foreach ((int start, int end) in tokenizer.EncodeWithOffsets(text).Offsets)
        {
            if (start > covered || end < covered || start > end)
            {
                return false;
            }

            covered = end;
        }

        return covered == text.EnumerateRunes().Count();
    }
}
