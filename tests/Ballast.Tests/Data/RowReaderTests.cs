using System.Text;
using Ballast.Data;
using Ballast.Data.Formats;
using Ballast.Data.Readers;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Data;

public class RowReaderTests
{
    private static (SourceRow[] Rows, string Path) Read(string name, byte[] bytes)
    {
        string path = Path.Combine(Shared.TemporaryFolder(), name);
        File.WriteAllBytes(path, bytes);
        return ([.. RowReader.Read(path)], path);
    }

    /// <summary>Rows as "line: json or fault".</summary>
    private static string[] Lines(string name, byte[] bytes)
    {
        (SourceRow[] rows, string path) = Read(name, bytes);
        return [.. rows.Select(row => $"{row.Source[(path.Length + 1)..]}: {row.Fields?.ToJsonString() ?? row.Fault}")];
    }

    private static string[] Lines(string name, string text) => Lines(name, Encoding.UTF8.GetBytes(text));

    private static string Fault(string name, byte[] bytes)
    {
        string path = Path.Combine(Shared.TemporaryFolder(), name);
        File.WriteAllBytes(path, bytes);
        return Assert.Throws<DataException>(() => RowReader.Read(path).ToList()).Message.Replace(path, name, StringComparison.Ordinal);
    }

    private static string Fault(string name, string text) => Fault(name, Encoding.UTF8.GetBytes(text));

    [Fact]
    public void F1_rows_of_a_json_list_stand_at_the_line_where_they_begin() =>
        Assert.Equal(["""2: {"a":1}""", """5: {"b":"x]"}""", """5: {"c":[]}"""], Lines("r.json", "\uFEFF[\n  {\"a\": 1},\n\n\n  {\"b\": \"x]\"}, {\"c\": []}\n]\n"));

    [Fact]
    public void A_row_that_is_a_list_is_taken_as_its_messages() =>
        Assert.Equal(["""1: {"messages":[{"role":"user"}]}"""], Lines("r.json", """[[{"role": "user"}]]"""));

    [Theory]
    [InlineData("r.json", " [ ] ")]
    [InlineData("r.jsonl", "\n")]
    [InlineData("r.csv", "")]
    [InlineData("r.csv", "a,b\n")]
    public void Files_without_rows_have_none(string name, string text) => Assert.Empty(Lines(name, text));

    [Theory]
    [InlineData("r.json", "", "r.json:1: not valid JSON: ")]
    [InlineData("r.json", "7", "r.json: expected a list of rows, [{...}, ...], or one object per line")]
    [InlineData("r.json", "{\n  \"data\": []\n}", "r.json: expected a list of rows, [{...}, ...], or one object per line; the file begins with a single object")]
    [InlineData("r.json", "[{\"a\": 1},\n{\"b\" 2}]", "r.json:2: not valid JSON: '2' is invalid after a property name")]
    [InlineData("r.json", "[{\"a\": 1}", "r.json:1: not valid JSON: ")]
    [InlineData("r.json", "[{\"a\": 1}] x", "r.json:1: not valid JSON: 'x' is invalid after a single JSON value")]
    [InlineData("r.txt", "x", "r.txt: the ending '.txt' is none of .json, .jsonl, .ndjson, .csv, .parquet")]
    [InlineData("r.jsom", "[]", "r.jsom: the ending '.jsom' is none of .json, ")]
    [InlineData("r.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:1", "r.jsonl: this is a git-lfs pointer, not the data; fetch it with 'git lfs pull'")]
    [InlineData("r.csv", "a,b,a\n1,2,3\n", "r.csv:1: the column 'a' is given twice")]
    public void Broken_files_are_refused_with_their_place(string name, string text, string start) => Assert.StartsWith(start, Fault(name, text));

    [Fact]
    public void An_absent_file_is_refused() => Assert.StartsWith("/absent/r.json: cannot be read: ", Assert.Throws<DataException>(() => RowReader.Read("/absent/r.json")).Message);

    [Fact]
    public void F1_faulty_lines_are_rows_with_their_reason() => Assert.Equal(
        [
            """1: {"a":1}""",
            "3: not valid JSON: 'b' is an invalid start of a property name. Expected a '\"' (byte 1)",
            "4: expected an object with the row's fields, got 7",
            "5: a \\u escape is half of a pair, so the text is not Unicode",
            """6: {"a":"\uD83D\uDE00"}""",
        ],
        Lines("r.jsonl", "\uFEFF{\"a\": 1}\r\n\r\n{b: 1}\n7\n{\"a\": \"\\ud83d\"}\n{\"a\": \"\\ud83d\\ude00\"}")[..5]);

    [Fact]
    public void A_field_given_twice_is_a_faulty_row() => Assert.Contains("not valid JSON: Duplicate property 'a'", Assert.Single(Lines("r.jsonl", """{"a": 1, "a": 2}""")));

    [Fact]
    public void Deep_nesting_is_refused_in_either_form()
    {
        string deep = $"{{\"a\": {new string('[', 100)}{new string(']', 100)}}}";
        Assert.Contains("1: not valid JSON: The maximum configured depth of 64", Assert.Single(Lines("r.jsonl", deep)));
        Assert.Contains("r.json:1: not valid JSON: The maximum configured depth of 64", Fault("r.json", $"[{deep}]"));
    }

    [Fact]
    public void A_json_file_with_an_object_per_line_is_read_as_such() =>
        Assert.Equal(["""1: {"a":1}""", """2: {"a":2}"""], Lines("r.json", "{\"a\": 1}\n{\"a\": 2}\n"));

    [Fact]
    public void Text_that_is_not_utf8_is_reported_where_it_stands()
    {
        byte[] row = [.. "{\"a\": \""u8, 0xE9, .. "\"}"u8];
        Assert.Equal(["1: not UTF-8 text"], Lines("r.jsonl", row));
        Assert.Equal(["1: not UTF-8 text"], Lines("r.json", [(byte)'[', .. row, (byte)']']));
        Assert.Equal(["2: not UTF-8 text"], Lines("r.csv", [.. "a,b\n1,"u8, 0xE9, .. "\n"u8]));
    }

    [Fact]
    public void Lines_longer_than_the_buffer_and_many_of_them_come_whole()
    {
        string[] texts = [.. Enumerable.Range(0, 120).Select(i => new string((char)('a' + (i % 26)), i * 997 % 150_000))];
        (SourceRow[] rows, string path) = Read("r.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', texts.Select(text => $"{{\"a\":\"{text}\"}}"))));
        Assert.Equal(texts, rows.Select(row => (string)row.Fields!["a"]!));
        Assert.Equal($"{path}:120", rows[^1].Source);
    }

    [Fact]
    public void Csv_rows_have_text_fields_and_stand_at_the_line_where_they_begin() => Assert.Equal(
        [
            """2: {"a":"1","b":"x, \u0022y\u0022"}""",
            """3: {"a":"two\nlines","b":""}""",
            "5: has 1 fields, the first row names 2",
            """6: {"a":"3","b":"z"}""",
        ],
        Lines("r.csv", "\uFEFFa,b\r\n1,\"x, \"\"y\"\"\"\r\n\"two\nlines\",\r\nonly\r\n3,z\r\n"));

    [Theory]
    [InlineData("a,b\n1,x\"y\n2,z\n", "2: {\"a\":\"1\",\"b\":\"x\\u0022y\"}")]
    [InlineData("a,b\n1,\"x\n2,z\n", "2: a quote is never closed")]
    [InlineData("a,b\n1,\"x\" y\n2,z\n", "2: text follows a closing quote; a quote inside quotes must be doubled")]
    public void Quotes_in_csv_are_taken_as_they_are_or_make_a_faulty_row(string text, string first) => Assert.Equal(first, Lines("r.csv", text)[0]);

    [Theory]
    [InlineData("r.json", "[{\"a\": \"x\", \"b\": [1, null]},\n {\"a\": \"\\u00e9\"}]\n")]
    [InlineData("r.jsonl", "{\"a\": \"x\", \"b\": [1, null]}\n{\"a\": \"\\ud83d\\ude00\"}\n")]
    [InlineData("r.csv", "a,b\n1,\"x, \"\"y\"\"\"\n\"two\nlines\",\n")]
    public void G10_damaged_files_give_rows_or_faults_but_never_crash(string name, string text)
    {
        string path = Path.Combine(Shared.TemporaryFolder(), name);
        byte[] valid = Encoding.UTF8.GetBytes(text);
        var random = new SplitMix64(2);
        int good = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] bytes = [.. valid];
            for (int change = 0; change <= i % 3; change++)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                SourceRow[] rows = [.. RowReader.Read(path)];
                Assert.All(rows, row => Assert.True(row.Fields is null ^ row.Fault is null));
                good += rows.Count(row => row.Fields?.ToJsonString().Length > 0);
            }
            catch (DataException fault)
            {
                Assert.StartsWith(path, fault.Message);
            }
        }

        Assert.InRange(good, 50, 2950);
    }

    [Theory]
    [InlineData("tokens-gzip")]
    [InlineData("conversations-snappy")]
    [InlineData("messages-zstd")]
    [InlineData("alpaca-brotli")]
    public void Parquet_rows_mean_the_same_as_their_json_lines(string name)
    {
        string path = Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "parquet", name);
        SourceRow[] rows = [.. RowReader.Read(path + ".parquet")];
        SourceRow[] lines = [.. RowReader.Read(path + ".jsonl")];
        DataFormat format = DataFormats.Detect(rows[0].Fields!, rows[0].Source);
        Assert.Equal(lines.Select(row => Meaning(format, row)), rows.Select(row => Meaning(format, row)));
        Assert.Contains(rows, row => Meaning(format, row).StartsWith("good: ", StringComparison.Ordinal));
        Assert.Equal($"{path}.parquet:{rows.Length}", rows[^1].Source);
    }

    private static string Meaning(DataFormat format, SourceRow row)
    {
        try
        {
            return "good: " + format.Convert(row.Fields!) switch
            {
                ChatExample chat => chat.Messages.ToJsonString(),
                TokenExample tokens => string.Join(',', tokens.InputIds) + '|' + string.Join(',', tokens.Labels),
                Example other => other.ToString(),
            };
        }
        catch (BadRowException fault)
        {
            return fault.Message;
        }
    }

    [Theory]
    [InlineData("alpaca/alpaca_2000.json", 2000)]
    [InlineData("dolly/dolly_2000.json", 2000)]
    [InlineData("orca/orca_dpo_pairs_validation.jsonl", 284)]
    [InlineData("self-instruct/seed_tasks.jsonl", 175)]
    [InlineData("self-instruct/user_oriented_instructions.jsonl", 252)]
    [InlineData("gsm8k/train_first2500.jsonl", 2500)]
    [InlineData("gsm8k/test.jsonl", 1319)]
    [InlineData("llm-tuning-safety/identity-shift-aoa-llama2.json", 10)]
    [InlineData("llm-tuning-safety/identity-shift-aoa-gpt35.jsonl", 10)]
    [InlineData("truthfulqa/TruthfulQA.csv", 817)]
    [InlineData("xstest/xstest_prompts.csv", 450)]
    [InlineData("boolq/validation_first600.csv", 600)]
    [InlineData("strongreject/strongreject_dataset.csv", 313)]
    [InlineData("advbench/harmful_behaviors.csv", 520)]
    public void Published_files_have_their_number_of_rows_and_no_faults(string file, int count)
    {
        SourceRow[] rows = [.. RowReader.Read(Shared.Path(["data", .. file.Split('/')]))];
        Assert.Equal(count, rows.Length);
        Assert.DoesNotContain(rows, row => row.Fault is not null);
        Assert.Equal(count, rows.Select(row => row.Source).Distinct().Count());
    }
}
