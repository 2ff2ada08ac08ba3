using System.Text.Json.Nodes;
using Ballast.Tokenizers;
using Xunit;

namespace Ballast.Tests.Tokenizers;

/// <summary>Runs the rows of a file of tokenizer goldens; a row of a kind that is not known fails.</summary>
internal static class GoldenCases
{
    /// <summary>Checks every row and fails with those that differ.</summary>
    public static void Check(string path, int expectedRows, Action<JsonObject> check)
    {
        List<JsonObject> rows = [.. File.ReadLines(path).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!.AsObject())];
        Assert.Equal(expectedRows, rows.Count);
        List<string> faults = [];
        foreach (JsonObject row in rows)
        {
            try
            {
                check(row);
            }
            catch (Exception e)
            {
                string text = row.ToJsonString();
                faults.Add($"{text[..Math.Min(text.Length, 300)]}\n    {e.GetType().Name}: {e.Message[..Math.Min(e.Message.Length, 700)]}");
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} of {rows.Count} rows differ:\n{string.Join('\n', faults.Take(12))}");
    }

    public static void CheckRow(Tokenizer tokenizer, JsonObject row)
    {
        switch (Text(row, "kind"))
        {
            case "encode": CheckEncode(tokenizer, row); break;
            case "long": CheckLong(tokenizer, row); break;
            case "decode": CheckDecode(tokenizer, row); break;
            case "stream": CheckStream(tokenizer, row); break;
            case "batch": CheckBatch(tokenizer, row); break;
            case "pair": CheckPair(tokenizer, row); break;
            case "as_filed" or "as_filed_batch": CheckAsFiled(tokenizer, row); break;
            default: throw new InvalidDataException($"unknown kind {Text(row, "kind")}");
        }
    }

    public static string Text(JsonObject row, string name) => row[name]!.GetValue<string>();

    public static int[] Ids(JsonNode? node) => [.. node!.AsArray().Select(n => n!.GetValue<int>())];

    public static void CheckLong(Tokenizer tokenizer, JsonObject row)
    {
        string text = string.Concat(row["parts"]!.AsArray().Select(p => string.Concat(Enumerable.Repeat(p![0]!.GetValue<string>(), p[1]!.GetValue<int>()))));
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(row["count"]!.GetValue<int>(), ids.Length);
        List<(int Id, int Length)> runs = [];
        foreach (int id in ids)
        {
            if (runs.Count > 0 && runs[^1].Id == id)
            {
                runs[^1] = (id, runs[^1].Length + 1);
            }
            else
            {
                runs.Add((id, 1));
            }
        }

        Assert.Equal(row["first_id_runs"]!.AsArray().Select(r => (r![0]!.GetValue<int>(), r[1]!.GetValue<int>())), runs.Take(40));
    }

    public static void CheckDecode(Tokenizer tokenizer, JsonObject row)
    {
        int[] ids = Ids(row["ids"]);
        Assert.Equal(Text(row, "decoded"), tokenizer.Decode(ids));
        if (row["decoded_skip_special"] is JsonNode skipped)
        {
            Assert.Equal(skipped.GetValue<string>(), tokenizer.Decode(ids, true));
        }
    }

    private static void CheckEncode(Tokenizer tokenizer, JsonObject row)
    {
        string text = Text(row, "text");
        int[] expected = Ids(row["ids"]);
        Assert.Equal(expected, tokenizer.Encode(text));
        Ballast.Tokenizers.Encoding encoding = tokenizer.EncodeWithOffsets(text);
        Assert.Equal(expected, encoding.Ids);
        if (row["offsets"] is JsonArray offsets)
        {
            Assert.Equal(offsets.Select(o => (o![0]!.GetValue<int>(), o[1]!.GetValue<int>())), encoding.Offsets);
        }

        Assert.Equal(Ids(row["ids_special_as_text"] ?? row["ids"]), tokenizer.Encode(text, parseSpecialTokens: false));
        int[] withSpecial = Ids(row["ids_with_special"] ?? row["ids"]);
        Assert.Equal(withSpecial, tokenizer.Encode(text, addSpecialTokens: true));
        if (row["decoded_depends_on_version"] is null)
        {
            Assert.Equal(Text(row, "decoded"), tokenizer.Decode(withSpecial));
            Assert.Equal((row["decoded_skip_special"] ?? row["decoded"])!.GetValue<string>(), tokenizer.Decode(withSpecial, true));
        }
    }

    private static void CheckStream(Tokenizer tokenizer, JsonObject row)
    {
        int[] ids = Ids(row["ids"]);
        bool skip = row["skip_special_tokens"]!.GetValue<bool>();
        Assert.Equal(Text(row, "decoded"), tokenizer.Decode(ids, skip));
        if (row["reference_error"] is null)
        {
            TokenStream stream = tokenizer.DecodeStream(skip);
            string?[] pieces = [.. ids.Select(stream.Push)];
            Assert.Equal(row["pieces"]!.AsArray().Select(p => p?.GetValue<string>()), pieces);
            string joined = string.Concat(pieces);
            string? rest = stream.Flush();
            if (Text(row, "decoded").EndsWith('\uFFFD'))
            {
                // A byte run that stays broken decodes to U+FFFD as a whole, though whole characters of it were given out before.
                Assert.EndsWith("\uFFFD", rest, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(Text(row, "decoded"), joined + rest);
            }
        }
    }

    private static void CheckPair(Tokenizer tokenizer, JsonObject row)
    {
        Ballast.Tokenizers.Encoding pair = tokenizer.EncodePair(Text(row, "text"), Text(row, "text_pair"));
        Assert.Equal(Ids(row["ids"]), pair.Ids);
        Assert.Equal(Ids(row["type_ids"]), pair.TypeIds);
        Assert.Equal(Ids(row["special_tokens_mask"]), pair.Added.Select(a => a ? 1 : 0));
    }

    private static void CheckBatch(Tokenizer tokenizer, JsonObject row)
    {
        Padding? padding = row["padding"] is not JsonObject p ? null : new Padding(
            p["pad_id"]!.GetValue<int>(), p["length"]?.GetValue<int>(), p["pad_to_multiple_of"]?.GetValue<int>(),
            p["direction"]?.GetValue<string>() == "left", p["pad_type_id"]?.GetValue<int>() ?? 0);
        Truncation? truncation = row["truncation"] is not JsonObject t ? null : new Truncation(
            t["max_length"]!.GetValue<int>(), t["stride"]?.GetValue<int>() ?? 0, t["direction"]?.GetValue<string>() == "left");
        CompareBatch(row, tokenizer.EncodeBatch(Texts(row), row["add_special_tokens"]!.GetValue<bool>(), truncation, padding));
    }

    private static void CheckAsFiled(Tokenizer tokenizer, JsonObject row)
    {
        bool batch = row["texts"] is not null;
        IReadOnlyList<Ballast.Tokenizers.Encoding> result = tokenizer.EncodeBatch(
            batch ? Texts(row) : [Text(row, "text")], true, tokenizer.FiledTruncation, tokenizer.FiledPadding);
        if (batch)
        {
            CompareBatch(row, result);
            return;
        }

        Assert.Equal(Ids(row["ids"]), result[0].Ids);
        Assert.Equal(Ids(row["attention_mask"]), result[0].AttentionMask);
        Assert.Equal(row["overflowing_ids"]!.AsArray().Select(Ids), result[0].Overflow.Select(o => o.Ids));
    }

    private static string[] Texts(JsonObject row) => [.. row["texts"]!.AsArray().Select(t => t!.GetValue<string>())];

    private static void CompareBatch(JsonObject row, IReadOnlyList<Ballast.Tokenizers.Encoding> result)
    {
        Assert.Equal(row["ids"]!.AsArray().Select(Ids), result.Select(e => e.Ids));
        Compare("attention_mask", e => e.AttentionMask);
        Compare("type_ids", e => e.TypeIds);
        Compare("special_tokens_mask", e => [.. e.Added.Select(a => a ? 1 : 0)]);
        if (row["overflowing_ids"] is JsonArray overflow)
        {
            Assert.Equal(overflow.Select(o => o!.AsArray().Select(Ids)), result.Select(e => e.Overflow.Select(o => o.Ids)));
        }

        void Compare(string name, Func<Ballast.Tokenizers.Encoding, int[]> actual)
        {
            if (row[name] is JsonArray expected)
            {
                Assert.Equal(expected.Select(Ids), result.Select(actual));
            }
        }
    }
}
