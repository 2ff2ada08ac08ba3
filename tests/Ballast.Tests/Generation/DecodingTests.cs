using Ballast.Checkpoints;
using Ballast.Data;
using Ballast.Generation;
using Ballast.Models;
using Ballast.Tests.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Generation;

public class DecodingTests
{
    private static readonly HashSet<int> s_noEnd = [];

    [Fact]
    public void Two_hundred_greedy_tokens_of_the_stories_model_equal_the_golden_text()
    {
        string folder = Shared.Path("data", "tinyllama-stories260K");
        var facts = JsonFile.ReadObject(Path.Combine(folder, "golden.json"));
        using var model = LanguageModel.Load(Path.Combine(folder, "hf"));
        int[] expected = [.. facts["greedy_ids_from_bos"]!.AsArray().Select(v => (int)v!)];
        var streamed = new List<string>();
        var reply = model.Stream([1], new GenerationOptions(expected.Length - 1), streamed.Add, TestContext.Current.CancellationToken);
        Assert.Equal(expected[1..], reply.Ids);
        Assert.Equal((string)facts["greedy_text"]!, reply.Text);
        Assert.Equal(reply.Text.TrimStart(), string.Concat(streamed).TrimStart());
    }

    [Theory]
    [MemberData(nameof(FamilyGoldenTests.Cases), MemberType = typeof(FamilyGoldenTests))]
    public void Greedy_tokens_with_the_cache_equal_those_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        int[] expected = GoldenTensors.Ints(golden, "greedy");
        var result = new Decoding(model, s_noEnd).Run([(0, expected[..6])], new GenerationOptions(24), null, TestContext.Current.CancellationToken);
        Assert.Equal(expected[6..], result[0].Tokens);
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("qwen2")]
    [InlineData("gemma2")]
    public void Greedy_tokens_of_prompts_of_two_lengths_equal_those_of_transformers(string family)
    {
        string folder = Shared.Path("golden", "families", family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var model = Decoder.Load(folder);
        int[] greedy = GoldenTensors.Ints(golden, "left.greedy"), mask = GoldenTensors.Ints(golden, "left.attention_mask");
        int prompt = mask.Length / 2, width = greedy.Length / 2;
        (int Index, int[] Ids)[] prompts = [.. Enumerable.Range(0, 2).Select(i => (i, greedy[(i * width + Array.IndexOf(mask, 1, i * prompt) - i * prompt)..(i * width + prompt)]))];
        Assert.Equal([20, 12], prompts.Select(p => p.Ids.Length));
        foreach (var (index, tokens, _) in new Decoding(model, s_noEnd).Run(prompts, new GenerationOptions(width - prompt), null, TestContext.Current.CancellationToken))
        {
            Assert.Equal(greedy[(index * width + prompt)..((index + 1) * width)], tokens);
        }
    }

    [Fact]
    public void Texts_that_outgrow_the_short_rotary_frequencies_at_different_times_equal_those_alone()
    {
        using var model = Decoder.Load(Shared.Path("golden", "families", "phi3-long"));
        (int, int[])[] prompts = [.. new[] { 3, 14, 16, 17, 9 }.Select((length, i) => (i, Enumerable.Range(5 * i + 3, length).ToArray()))];
        var decoding = new Decoding(model, s_noEnd);
        var together = decoding.Run(prompts, new GenerationOptions(12), null, TestContext.Current.CancellationToken);
        foreach (var (index, prompt) in prompts)
        {
            List<int> text = [.. prompt];
            for (int i = 0; i < 12; i++)
            {
                using var logits = model.Logits(new TokenBatch([.. text], 1));
                text.Add(logits.ToArray<float>()[^160..].Index().MaxBy(pair => pair.Item).Index);
            }

            Assert.Equal(text[prompt.Length..], together[index].Tokens);
        }
    }

    [Fact]
    public void K5_greedy_replies_of_a_batch_equal_those_alone_whatever_the_lengths()
    {
        using var model = LanguageModel.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));
        string[] texts = ["Once upon a time", "The dog", "Lily and her mom went to the park because", "One day a big", "He", "They saw a cat and"];
        int[][] prompts = [.. texts.Select(text => model.Tokenizer.Encode(text, addSpecialTokens: true))];
        var options = new GenerationOptions(60);
        var together = model.Generate(prompts, options, null, TestContext.Current.CancellationToken);
        for (int i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(model.Generate([prompts[i]], options, null, TestContext.Current.CancellationToken)[0].Text, together[i].Text);
        }
    }

    [Fact]
    public void Sequences_that_end_leave_the_batch_and_the_others_go_on()
    {
        using var model = LanguageModel.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));
        int[][] prompts = [.. new[] { "Once", "The", "A", "She", "He" }.Select(text => model.Tokenizer.Encode(text, addSpecialTokens: true))];
        var whole = new Decoding(model.Model, s_noEnd).Run([.. prompts.Select((p, i) => (i, p))], new GenerationOptions(50), null, TestContext.Current.CancellationToken);
        int end = whole[0].Tokens[7];
        var cut = new Decoding(model.Model, new HashSet<int> { end }).Run([.. prompts.Select((p, i) => (i, p))], new GenerationOptions(50), null, TestContext.Current.CancellationToken);
        for (int i = 0; i < prompts.Length; i++)
        {
            int[] expected = [.. whole[i].Tokens.TakeWhile(token => token != end)];
            Assert.Equal(expected, cut[i].Tokens);
            Assert.Equal(expected.Length < 50, cut[i].Stopped);
        }
    }

    [Fact]
    public void Sampling_repeats_with_its_seed_and_does_not_depend_on_the_batch()
    {
        using var model = LanguageModel.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));
        int[][] prompts = [.. new[] { "Once upon", "The little", "A" }.Select(text => model.Tokenizer.Encode(text, addSpecialTokens: true))];
        string[] Replies(ulong seed, int batch) =>
            [.. model.Generate(prompts, new GenerationOptions(30, 0.9, 0.9, seed, batch), null, TestContext.Current.CancellationToken).Select(reply => reply.Text)];
        Assert.Equal(Replies(0, 3), Replies(0, 1));
        Assert.NotEqual(Replies(0, 3), Replies(1, 3));
    }

    [Fact]
    public void A_draw_stays_in_the_nucleus()
    {
        // probabilities 0.6, 0.3, 0.1: a nucleus of 0.5 is the first token, one of 0.85 the first two
        float[] logits = [MathF.Log(0.6f), MathF.Log(0.3f), MathF.Log(0.1f)];
        int[] Draws(double topP)
        {
            var sampler = new Sampler(new GenerationOptions(Temperature: 1, TopP: topP, Seed: 4), 0);
            var counts = new int[3];
            for (int i = 0; i < 3000; i++)
            {
                counts[sampler.Next(logits)]++;
            }

            return counts;
        }

        Assert.Equal([3000, 0, 0], Draws(0.5));
        int[] two = Draws(0.85);
        Assert.Equal(0, two[2]);
        Assert.InRange(two[0], 1900, 2100);  // 2/3 of 3000, four standard deviations of 26
        Assert.InRange(Draws(1)[2], 230, 370);
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_is_refused_with_its_number()
    {
        using var model = LanguageModel.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));
        var fault = Assert.Throws<DataException>(() => model.Generate([[1], new int[512]], new GenerationOptions(), null, TestContext.Current.CancellationToken));
        Assert.Contains("prompt 2 has 512 tokens", fault.Message);
    }

    [Fact]
    public void Scores_of_rows_together_equal_those_of_each_row_and_the_golden_losses()
    {
        string folder = Shared.Path("data", "tinyllama-stories260K");
        using var model = LanguageModel.Load(Path.Combine(folder, "hf"));
        var sequences = JsonFile.ReadObject(Path.Combine(folder, "golden.json"))["sequences"]!.AsArray();
        TokenRow[] rows = [.. sequences.Select(s => s!["ids"]!.AsArray().Select(v => (int)v!).ToArray()).Select((ids, i) => new TokenRow(ids, ids, $"row {i}"))];
        var together = model.Score(rows, null, TestContext.Current.CancellationToken);
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(sequences[i]!["token_nll"]!.AsArray().Sum(v => (double)v!), together[i].LossSum, 1e-3);
            Assert.Equal(rows[i].Length - 1, together[i].Targets);
            Assert.Equal(model.Score([rows[i]], null, TestContext.Current.CancellationToken)[0].Correct, together[i].Correct);
        }
    }
}
