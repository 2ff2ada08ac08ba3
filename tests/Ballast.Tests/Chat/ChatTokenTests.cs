using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
using Xunit;

namespace Ballast.Tests.Chat;

/// <summary>Templates and tokenizers together, against the reference.</summary>
public class ChatTokenTests
{
    private static readonly Dictionary<string, Tokenizer> s_tokenizers = [];

    // Not compared: the column sanitized_ids (10 rows), control tokens of contents encoded as plain text, which is not offered.
    [Fact]
    public void A5_a_rendered_chat_encoded_without_special_tokens_never_doubles_BOS()
    {
        int rows = 0;
        int doubledOtherwise = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("bos.jsonl"))
        {
            rows++;
            Tokenizer tokenizer = TokenizerOf(row);
            string name = $"{row["tokenizer"]} / {row["template"]} / {row["conversation"]}";
            (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation((string)row["conversation"]!);
            ChatTemplate template = ChatGoldens.Template((string)row["template"]!, (string)row["tokenizer"]!);
            if (ChatGoldens.Difference(row, () => template.Render(messages, (bool)row["add_generation_prompt"]!, variables).Text) is { } difference)
            {
                differences.Add($"{name}: {difference}");
                continue;
            }

            if (row["error"] is not null)
            {
                continue;
            }

            string text = (string)row["output"]!;
            int[] ids = tokenizer.Encode(text);
            int[] naive = tokenizer.Encode(text, addSpecialTokens: true);
            if (!ids.SequenceEqual(Ints(row["ids"])) || !naive.SequenceEqual(Ints(row["naive_ids"])) || (ids.Length > 1 && ids[0] == tokenizer.BosId && ids[1] == tokenizer.BosId))
            {
                differences.Add($"{name}: {string.Join(",", ids)}");
            }

            doubledOtherwise += naive.Length > 1 && naive[0] == tokenizer.BosId && naive[1] == tokenizer.BosId ? 1 : 0;
        }

        ChatGoldens.AssertNone(differences, rows, 44);
        Assert.True(doubledOtherwise > 0, "no row would show a doubled BOS");
    }

    [Fact]
    public void Masks_of_single_conversations_are_those_of_the_reference_without_its_faults()
    {
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("masks.jsonl").Where(row => row["conversation"] is not null))
        {
            rows++;
            (int[] ids, bool[] mask) = Encode(row, (string)row["conversation"]!);
            if (!ids.SequenceEqual(Ints(row["ids"])) || !Ints(row["overlap_mask"] ?? row["assistant_mask"]).SequenceEqual(mask.Select(target => target ? 1 : 0)))
            {
                differences.Add($"{row["template"]} / {row["conversation"]}: {string.Concat(mask.Select(target => target ? 1 : 0))}");
            }
        }

        ChatGoldens.AssertNone(differences, rows, 86);
    }

    [Fact]
    public void Masks_of_batches_hold_under_padding_and_truncation_on_both_sides()
    {
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("masks.jsonl").Where(row => row["conversations"] is not null))
        {
            rows++;
            List<(int[] Ids, bool[] Mask)> batch = [.. row["conversations"]!.AsArray().Select(conversation => Encode(row, (string)conversation!))];
            bool left = (string)row["side"]! == "left";
            int longest = row["padding"] is not null ? batch.Max(item => item.Ids.Length) : 0;
            for (int i = 0; i < batch.Count; i++)
            {
                int length = Math.Min(batch[i].Ids.Length, (int?)row["max_length"] ?? int.MaxValue);
                int from = left ? batch[i].Ids.Length - length : 0;
                int[] padding = [.. Enumerable.Repeat((int)row["pad_token_id"]!, Math.Max(0, longest - length))];
                int[] kept = [.. batch[i].Ids.AsSpan(from, length)];
                int[] targets = [.. batch[i].Mask[from..(from + length)].Select(target => target ? 1 : 0)];
                int[] ids = left ? [.. padding, .. kept] : [.. kept, .. padding];
                int[] mask = left ? [.. padding.Select(_ => 0), .. targets] : [.. targets, .. padding.Select(_ => 0)];
                if (!ids.SequenceEqual(Ints(row["ids"]![i])) || !mask.SequenceEqual(Ints((row["overlap_mask"] ?? row["assistant_mask"])![i])))
                {
                    differences.Add($"{row["template"]} / {row["conversations"]![i]} {row["side"]} {row["max_length"]}: {string.Concat(mask)}");
                }
            }
        }

        ChatGoldens.AssertNone(differences, rows, 42);
    }

    private static (int[] Ids, bool[] Mask) Encode(JsonObject row, string conversation)
    {
        (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
        RenderedChat chat = ChatGoldens.Template((string)row["template"]!, (string)row["tokenizer"]!).Render(messages, false, variables);
        Encoding encoding = TokenizerOf(row).EncodeWithOffsets(chat.Text);
        return (encoding.Ids, AssistantMask.Of(chat.GenerationSpans, encoding.Offsets));
    }

    private static Tokenizer TokenizerOf(JsonObject row)
    {
        string name = (string)row["tokenizer"]!;
        return s_tokenizers.TryGetValue(name, out Tokenizer? known) ? known : s_tokenizers[name] = Tokenizer.Load(Shared.Path("golden", "tokenizers", "small", name));
    }

    private static IEnumerable<int> Ints(JsonNode? node) => node!.AsArray().Select(value => (int)value!);
}
