using System.Text.Json.Nodes;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class InspectTokensTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;

    public InspectTokensTests() => _model = TinyModel.Create(Path.Combine(_folder, "model"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Hi", "[72, 105]")]
    [InlineData("", "[]")]
    [InlineData("-h", "[45, 104]")]
    [InlineData("@file", "[64, 102, 105, 108, 101]")]
    [InlineData("\u00e9</s>", "[195, 169, 257]")]
    public void A_text_becomes_one_array(string text, string ids) =>
        Assert.Equal(ids + "\n", CommandLine.Run("inspect", "tokens", _model, "--text", text).Success());

    [Fact]
    public void A_file_is_one_text_to_its_last_byte() =>
        Assert.Equal("[239, 187, 191, 65, 13, 10]\n", CommandLine.Run("inspect", "tokens", _model, "--file", Write("\ufeffA\r\n")).Success());

    [Fact]
    public void A_tokenizer_file_will_do_for_a_folder() =>
        Assert.Equal("[65]\n", CommandLine.Run("inspect", "tokens", Path.Combine(_model, "tokenizer.json"), "--text", "A").Success());

    [Fact]
    public void Each_line_of_strings_becomes_an_array() =>
        Assert.Equal("[65]\n[]\n[10]\n", CommandLine.Run("inspect", "tokens", _model, "--jsonl", Write("\"A\"\n\"\"\n\"\\n\"\n")).Success());

    [Theory]
    [InlineData("3")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("\"A")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("[\"A\"]")]
    public void A_line_that_is_no_string_is_named(string line)
    {
        string file = Write($"\"A\"\n{line}\n");
        var outcome = CommandLine.Run("inspect", "tokens", _model, "--jsonl", file);
        Assert.Equal((2, "[65]\n"), (outcome.Code, outcome.Out));
        Assert.StartsWith($"error: {file}:2: expected one JSON string", outcome.Error);
    }

    [Fact]
    public void Without_a_text_or_with_two_it_asks_for_one()
    {
        Assert.Contains("Give one of --text, --file and --jsonl", CommandLine.Run("inspect", "tokens", _model).UserFault());
        Assert.Contains("Give one of --text, --file and --jsonl", CommandLine.Run("inspect", "tokens", _model, "--text", "A", "--file", "B").UserFault());
    }

    [Fact]
    public void A_missing_tokenizer_or_file_is_named()
    {
        Assert.Contains("/nowhere", CommandLine.Run("inspect", "tokens", "/nowhere", "--text", "A").UserFault());
        Assert.Contains("/nowhere", CommandLine.Run("inspect", "tokens", _model, "--file", "/nowhere").UserFault());
        Assert.Contains("/nowhere", CommandLine.Run("inspect", "tokens", _model, "--jsonl", "/nowhere").UserFault());
    }

    [Theory]
    [InlineData("llama3-style")]
    [InlineData("llama2-style")]
    [InlineData("gpt2-style")]
    public void Lines_of_a_sample_tokenizer_equal_the_reference(string name)
    {
        string folder = Shared.Path("golden", "tokenizers", "small", name);
        var rows = File.ReadLines(Path.Combine(folder, "cases.jsonl")).Select(line => JsonNode.Parse(line)!).Where(row => (string)row["kind"]! == "encode").ToList();
        string file = Write(string.Concat(rows.Select(row => row["text"]!.ToJsonString() + "\n")));
        Compare(rows, "ids", CommandLine.Run("inspect", "tokens", folder, "--jsonl", file));
        Compare(rows, "ids_with_special", CommandLine.Run("inspect", "tokens", folder, "--jsonl", file, "--add-special-tokens"));
    }

    private static void Compare(List<JsonNode> rows, string field, Outcome outcome)
    {
        string[] lines = outcome.Success().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length == rows.Count && lines.Length > 50, $"{lines.Length} lines for {rows.Count} rows");
        Assert.All(rows.Zip(lines), pair => Assert.Equal(
            pair.First[field]!.AsArray().Select(id => (int)id!), JsonNode.Parse(pair.Second)!.AsArray().Select(id => (int)id!)));
    }

    private string Write(string text)
    {
        string file = Path.Combine(_folder, "text");
        File.WriteAllText(file, text);
        return file;
    }
}
