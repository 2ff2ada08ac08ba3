using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Chat;

public class TemplateFolderTests
{
    private static readonly JsonArray s_messages = [new JsonObject { ["role"] = "user", ["content"] = "hi" }];

    [Fact]
    public void The_template_of_a_folder_is_found_as_the_reference_finds_it()
    {
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("discovery.jsonl"))
        {
            rows++;
            string folder = Write(row["tokenizer_config"]!.AsObject(), row["files"]!.AsObject());
            var tools = new JsonObject { ["tools"] = new JsonArray() };
            foreach ((string column, JsonObject? variables) in new (string, JsonObject?)[] { ("without_tools", null), ("with_tools", tools) })
            {
                if (ChatGoldens.Difference(row[column]!.AsObject(), () => ChatTemplate.Load(folder).Render(s_messages, false, variables).Text) is { } difference)
                {
                    differences.Add($"{row["case"]}, {column}: {difference}");
                }
            }

            string ByName() => ChatTemplate.Parse(TemplateFolder.Read(folder).Named("tool_use").Source).Render(s_messages).Text;
            if (ChatGoldens.Difference(row["by_name_tool_use"]!.AsObject(), ByName) is { } other)
            {
                differences.Add($"{row["case"]}, by name: {other}");
            }
        }

        ChatGoldens.AssertNone(differences, rows, 11);
    }

    [Fact]
    public void A_folder_without_a_template_is_named_with_what_is_expected()
    {
        string folder = Write([], []);
        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Load(folder));
        Assert.Equal($"{folder}: no chat template; expected chat_template.jinja or a chat_template in tokenizer_config.json", fault.Message);
    }

    [Fact]
    public void Special_tokens_come_from_the_configuration_as_text_or_object_and_then_from_the_map()
    {
        string folder = Write(
            JsonNode.Parse("""{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": null, "extra_special_tokens": {"image_token": "<img>"}, "additional_special_tokens": ["<x>"]}""")!.AsObject(),
            new JsonObject
            {
                ["chat_template.jinja"] = "{{ bos_token }}|{{ eos_token }}|{{ image_token }}|{{ pad_token is defined }}|{{ additional_special_tokens is defined }}",
                ["special_tokens_map.json"] = """{"bos_token": "<other>", "eos_token": "</s>", "additional_special_tokens": ["<x>"]}""",
            });
        Assert.Equal("<s>|</s>|<img>|False|False", ChatTemplate.Load(folder).Render(s_messages).Text);
        Assert.Equal("<s>|</s>|<img>|False|False", ChatTemplate.Load(Path.Combine(folder, "chat_template.jinja")).Render(s_messages).Text);
    }

    [Theory]
    [InlineData("""{"chat_template": 5}""", "tokenizer_config.json: chat_template is neither a text nor a list of objects with a name and a template")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""", "tokenizer_config.json: chat_template is neither a text nor a list of objects with a name and a template")]
    [InlineData("""{"chat_template": """, "tokenizer_config.json: not valid JSON")]
    [InlineData("[]", "tokenizer_config.json: not a JSON object")]
    [InlineData("""{"chat_template": "a\n{% if %}"}""", "tokenizer_config.json:2: chat template: expected an expression, got '%}'")]
    public void A_malformed_configuration_is_one_line_that_names_the_file(string config, string expected)
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Load(folder));
        Assert.StartsWith(Path.Combine(folder, expected), fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void A_template_that_is_not_text_is_refused()
    {
        string path = Path.Combine(Shared.TemporaryFolder(), "x.jinja");
        File.WriteAllBytes(path, [0x61, 0xFF, 0xFE]);
        Assert.Contains("not UTF-8", Assert.Throws<TemplateException>(() => ChatTemplate.Load(path)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<TemplateException>(() => ChatTemplate.Load(path + ".missing")).Message, StringComparison.Ordinal);
    }

    private static string Write(JsonObject config, JsonObject files)
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
        foreach ((string name, JsonNode? text) in files)
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, (string)text!);
        }

        return folder;
    }
}
