using System.Text.Json.Nodes;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class InspectChatTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _template;

    public InspectChatTests()
    {
        _template = Path.Combine(_folder, "chat.jinja");
        File.WriteAllText(_template, "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{{ note }}{% if add_generation_prompt %}assistant:{% endif %}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_list_of_messages_renders_with_no_newline_added() =>
        Assert.Equal("user: Caf\u00e9\n", Inspect("""[{"role": "user", "content": "Caf\u00e9"}]""").Success());

    [Fact]
    public void The_generation_prompt_comes_when_asked_for() =>
        Assert.Equal("user: Hi\nassistant:", Inspect("""[{"role": "user", "content": "Hi"}]""", "--add-generation-prompt").Success());

    [Fact]
    public void The_other_keys_of_an_object_are_variables() => Assert.Equal(
        "user: Hi\nNB assistant:",
        Inspect("""{"messages": [{"role": "user", "content": "Hi"}], "note": "NB ", "add_generation_prompt": true}""").Success());

    [Theory]
    [InlineData("{", "is not JSON")]
    [InlineData("3", "expected a list of messages")]
    [InlineData("""{"role": "user"}""", "expected a list of messages")]
    [InlineData("""{"messages": [], "messages": []}""", "is not JSON")]
    [InlineData("""[{"role": "user", "content": "\ud83d"}]""", "")]
    [InlineData("[3]", "")]
    public void Messages_of_another_form_are_one_line(string json, string said) => Assert.Contains(said, Inspect(json).UserFault());

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("/nowhere.json", CommandLine.Run("inspect", "chat", _template, "--messages", "/nowhere.json").UserFault());

    [Fact]
    public void A_missing_template_is_named() =>
        Assert.Contains("/nowhere", CommandLine.Run("inspect", "chat", "/nowhere", "--messages", _template).UserFault());

    [Fact]
    public void Bytes_that_are_not_utf8_are_named()
    {
        string file = Path.Combine(_folder, "latin.json");
        File.WriteAllBytes(file, [(byte)'[', (byte)'"', 0xE9, (byte)'"', (byte)']']);
        Assert.Contains("is not UTF-8", CommandLine.Run("inspect", "chat", _template, "--messages", file).UserFault());
    }

    [Fact]
    public void A_process_writes_utf8_whatever_the_locale()
    {
        string file = Path.Combine(_folder, "messages.json");
        File.WriteAllText(file, """[{"role": "user", "content": "Caf\u00e9 \ud83d\ude42"}]""");
        using var process = CommandLine.Start(("LC_ALL", "C"), "inspect", "chat", _template, "--messages", file);
        using var bytes = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(bytes);
        process.WaitForExit();
        Assert.Equal("user: Caf\u00e9 \U0001F642\n"u8, bytes.ToArray());
    }

    // Every fifth row: the tests of Chat compare them all.
    [Fact]
    public void Published_templates_render_as_transformers_renders_them()
    {
        string golden = Shared.Path("golden", "chat");
        var conversations = JsonNode.Parse(File.ReadAllText(Path.Combine(golden, "conversations.json")))!;
        var templates = JsonNode.Parse(File.ReadAllText(Path.Combine(golden, "templates.json")))!["templates"]!;
        int compared = 0;
        foreach (var row in File.ReadLines(Path.Combine(golden, "cases.jsonl")).Where((_, i) => i % 5 == 0).Select(line => JsonNode.Parse(line)!))
        {
            string template = (string)row["template"]!;
            if (row["output"] is null || (bool)row["continue_final_message"]! || row["with_none_kept"] is not null)
            {
                continue;
            }

            File.Copy(Path.Combine(golden, "templates", template + ".jinja"), _template, overwrite: true);
            File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), templates[template]!["special_tokens"]!.ToJsonString());
            string[] prompt = (bool)row["add_generation_prompt"]! ? ["--add-generation-prompt"] : [];
            Assert.Equal((string)row["output"]!, Inspect(Flat(conversations[(string)row["conversation"]!]!), prompt).Success());
            compared++;
        }

        Assert.True(compared >= 80, $"{compared} rows compared");
    }

    /// <summary>The sample's further variables stand in an object of their own.</summary>
    private static string Flat(JsonNode conversation)
    {
        var flat = conversation.DeepClone().AsObject();
        flat.Remove("variables");
        foreach (var (name, value) in conversation["variables"] as JsonObject ?? [])
        {
            flat[name] = value?.DeepClone();
        }

        return flat.ToJsonString();
    }

    private Outcome Inspect(string json, params string[] options)
    {
        string file = Path.Combine(_folder, "messages.json");
        File.WriteAllText(file, json);
        return CommandLine.Run(["inspect", "chat", _template, "--messages", file, .. options]);
    }
}
