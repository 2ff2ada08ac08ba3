using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tests.Chat;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
using Xunit;

namespace Ballast.Tests.Data;

/// <summary>Rows against the reference's token ids and masks.</summary>
/// <remarks>
/// Where the reference's mask has one of its three faults, overlap_mask is the expected one. Not covered: batches padded or truncated on the left (Ballast does
/// neither in training); for the two rows of a template without generation blocks the reference has an empty mask, and Ballast finds the spans itself.
/// </remarks>
public class MaskGoldenTests
{
    private static readonly ConcurrentDictionary<string, Tokenizer> s_tokenizers = new();

    private static Tokenizer Load(string style) => s_tokenizers.GetOrAdd(style, _ => Tokenizer.Load(Shared.Path("golden", "tokenizers", "small", style)));

    private static TokenRow Encode(JsonNode row, string conversation)
    {
        string style = (string)row["tokenizer"]!;
        (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
        Tokenizer tokenizer = Load(style);
        ChatTemplate template = ChatGoldens.Template((string)row["template"]!, style);
        return new RowEncoder(new DataSection([]), tokenizer, template, tokenizer.VocabSize).Encode(new ChatExample(messages.DeepClone().AsArray(), variables), conversation);
    }

    private static int[] Numbers(JsonNode? node) => [.. node!.AsArray().Select(number => (int)number!)];

    private static int[] Mask(IEnumerable<int> labels) => [.. labels.Select(label => label == TokenRow.NoTarget ? 0 : 1)];

    [Fact]
    public void Ids_and_targets_of_single_conversations_are_the_references()
    {
        int compared = 0;
        foreach (JsonNode row in Golden.Lines("chat", "masks.jsonl").Where(row => row["conversation"] is not null))
        {
            TokenRow ours = Encode(row, (string)row["conversation"]!);
            string name = $"{row["template"]} {row["tokenizer"]} {row["conversation"]}";
            Assert.True(Numbers(row["ids"]).SequenceEqual(ours.InputIds), name);
            if ((string)row["template"]! != "google-gemma-2-2b-it")
            {
                Assert.True(Numbers(row["overlap_mask"] ?? row["assistant_mask"]).SequenceEqual(Mask(ours.Labels)), name);
                Assert.All(ours.Labels.Zip(ours.InputIds), pair => Assert.True(pair.First == TokenRow.NoTarget || pair.First == pair.Second));
                compared++;
            }
        }

        Assert.Equal(84, compared);
    }

    [Fact]
    public void A3_a_template_without_generation_blocks_still_has_targets()
    {
        JsonNode[] rows = [.. Golden.Lines("chat", "masks.jsonl").Where(row => (string)row["template"]! == "google-gemma-2-2b-it")];
        Assert.Equal([0, 1], rows.Select(row => Encode(row, (string)row["conversation"]!).Targets > 0 ? 1 : 0));
    }

    [Fact]
    public void Batches_padded_on_the_right_are_the_references()
    {
        int compared = 0;
        foreach (JsonNode row in Golden.Lines("chat", "masks.jsonl").Where(row => row["padding"] is not null && (string?)row["side"] == "right"))
        {
            TokenBatch batch = BatchLoader.Pad([.. row["conversations"]!.AsArray().Select(name => Encode(row, (string)name!))], (int)row["pad_token_id"]!);
            Assert.Equal(row["ids"]!.AsArray().SelectMany(Numbers), batch.InputIds);
            Assert.Equal((row["overlap_mask"] ?? row["assistant_mask"])!.AsArray().SelectMany(Numbers), Mask(batch.Labels!));
            compared++;
        }

        Assert.Equal(7, compared);
    }

    [Fact]
    public void Rows_cut_on_the_right_are_the_references()
    {
        int compared = 0;
        foreach (JsonNode row in Golden.Lines("chat", "masks.jsonl").Where(row => row["truncation"] is not null && (string?)row["side"] == "right"))
        {
            int length = (int)row["max_length"]!;
            foreach ((JsonNode? conversation, int i) in row["conversations"]!.AsArray().Select((conversation, i) => (conversation, i)))
            {
                TokenRow ours = Encode(row, (string)conversation!);
                Assert.Equal(Numbers(row["ids"]![i]), ours.InputIds.Take(length));
                Assert.Equal(Numbers((row["overlap_mask"] ?? row["assistant_mask"])![i]), Mask(ours.Labels.Take(length)));
                compared++;
            }
        }

        Assert.Equal(28, compared);
    }

    [Fact]
    public void A5_no_row_begins_with_two_beginning_tokens()
    {
        int compared = 0;
        foreach (JsonNode row in Golden.Lines("chat", "bos.jsonl").Where(row => row["ids"] is not null))
        {
            int? bos = Load((string)row["tokenizer"]!).BosId;
            int[] ours = Encode(row, (string)row["conversation"]!).InputIds;
            Assert.Equal(Numbers(row["ids"]).Count(id => id == bos), ours.Count(id => id == bos));
            Assert.Equal(Numbers(row["ids"])[..8], ours[..8]);
            compared++;
        }

        Assert.Equal(42, compared);
    }
}
