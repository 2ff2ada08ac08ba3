using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ballast.Data;
using Ballast.Data.Formats;
using Ballast.Data.Readers;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Data;

public class DataFormatTests
{
    private static JsonObject Row(string json) => JsonNode.Parse(json)!.AsObject();

    private static (string Format, Example Example) Detected(string json)
    {
        DataFormat format = DataFormats.Detect(Row(json), "f:1");
        return (format.Name, format.Convert(Row(json)));
    }

    [Theory]
    [InlineData("""{"instruction":"Add.","input":"1 2","output":"3"}""", "alpaca", """[{"role":"user","content":"Add.\n\n1 2"},{"role":"assistant","content":"3"}]""")]
    [InlineData("""{"instruction":"Hi.","input":"","output":"Hello.","text":"x"}""", "alpaca", """[{"role":"user","content":"Hi."},{"role":"assistant","content":"Hello."}]""")]
    [InlineData("""{"instruction":"Hi.","output":"Hello."}""", "alpaca", """[{"role":"user","content":"Hi."},{"role":"assistant","content":"Hello."}]""")]
    [InlineData("""{"instruction":"Sum up.","context":"Long.","response":"Short.","category":"x"}""", "dolly", """[{"role":"user","content":"Sum up.\n\nLong."},{"role":"assistant","content":"Short."}]""")]
    [InlineData("""{"id":"t0.1","system_prompt":"","question":"Q?","response":"A."}""", "orca", """[{"role":"user","content":"Q?"},{"role":"assistant","content":"A."}]""")]
    [InlineData("""{"id":"t0.1","system_prompt":"Think.","question":"Q?","response":"A."}""", "orca", """[{"role":"system","content":"Think."},{"role":"user","content":"Q?"},{"role":"assistant","content":"A."}]""")]
    [InlineData("""{"conversations":[{"from":"system","value":"S","weight":null},{"from":"human","value":"U","weight":0.0},{"from":"gpt","value":"A","weight":1.0}]}""", "sharegpt", """[{"role":"system","content":"S"},{"role":"user","content":"U"},{"role":"assistant","content":"A"}]""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":"c","name":"x"}]}""", "messages", """[{"role":"user","content":"ab"},{"role":"assistant","content":"c","name":"x"}]""")]
    [InlineData("""{"input":{"messages":[{"role":"user","content":"U"}]},"preferred_output":[{"role":"assistant","content":"good"}],"non_preferred_output":[{"role":"assistant","content":"bad"}]}""", "preferred-output", """[{"role":"user","content":"U"},{"role":"assistant","content":"good"}]""")]
    [InlineData("""{"question":"2+2?","answer":"4"}""", "question-answer", """[{"role":"user","content":"2+2?"},{"role":"assistant","content":"4"}]""")]
    [InlineData("""{"id":"1","instruction":"Hi.","instances":[{"input":"x","output":"y"}]}""", "self-instruct", """[{"role":"user","content":"Hi.\n\nx"},{"role":"assistant","content":"y"}]""")]
    public void F3_chat_rows_are_detected_and_become_messages(string json, string name, string messages)
    {
        (string format, Example example) = Detected(json);
        Assert.Equal(name, format);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(messages), Assert.IsType<ChatExample>(example).Messages), ((ChatExample)example).Messages.ToJsonString());
    }

    [Fact]
    public void F3_other_rows_are_detected_by_their_fields()
    {
        Assert.Equal(("prompt-completion", new TextExample("p", "c", false)), Detected("""{"prompt":"p","completion":"c"}"""));
        Assert.Equal(("text", new TextExample("", "t", true)), Detected("""{"text":"t"}"""));
        (string name, Example example) = Detected("""{"input_ids":[1,2,3],"labels":[-100,2,3]}""");
        TokenExample tokens = Assert.IsType<TokenExample>(example);
        Assert.Equal("tokens", name);
        Assert.Equal([1, 2, 3], tokens.InputIds);
        Assert.Equal([-100, 2, 3], tokens.Labels);
        Assert.Equal([4, 5], Assert.IsType<TokenExample>(Detected("""{"input_ids":[4,5]}""").Example).Labels);
    }

    [Fact]
    public void Tools_of_a_row_become_template_variables() =>
        Assert.Equal("""{"tools":[{"a":1}]}""", ((ChatExample)Detected("""{"messages":[{"role":"user","content":""},{"role":"assistant","tool_calls":[{}]}],"tools":[{"a":1}]}""").Example).Variables!.ToJsonString());

    [Fact]
    public void F3_a_row_of_no_known_shape_names_its_fields_and_the_known_ones() => Assert.StartsWith(
        "f:1: the row's fields 'prompt', 'goal' fit no known format; known are tokens (input_ids, labels); ",
        Assert.Throws<DataException>(() => DataFormats.Detect(Row("""{"prompt":"p","goal":"g"}"""), "f:1")).Message);

    [Theory]
    [InlineData("alpaca", """{"input":"","output":"x"}""", "instruction: is missing")]
    [InlineData("alpaca", """{"instruction":"x","output":" \n"}""", "output: is empty")]
    [InlineData("alpaca", """{"instruction":"x","output":7}""", "output: expected text, got a number")]
    [InlineData("alpaca", """{"instruction":null,"output":"x"}""", "instruction: expected text, got null")]
    [InlineData("alpaca", """{"instruction":"x","input":["y"],"output":"x"}""", "input: expected text, got a list")]
    [InlineData("alpaca-prompt", """{"instruction":"x","output":""}""", "output: is empty")]
    [InlineData("dolly", """{"instruction":"x"}""", "response: is missing")]
    [InlineData("orca", """{"question":true,"response":"x"}""", "question: expected text, got a boolean")]
    [InlineData("sharegpt", """{"conversations":[{"from":"alien","value":"x"}]}""", "conversations[0].from: 'alien' is none of system, human, user, gpt, chatgpt, assistant")]
    [InlineData("sharegpt", """{"conversations":[{"from":"gpt","value":""}]}""", "conversations[0].value: is empty")]
    [InlineData("sharegpt", """{"conversations":[{"from":"gpt","value":"x","weight":0.0}]}""", "conversations[0].weight: is 0, which asks for a turn that is not trained on; that is not supported")]
    [InlineData("sharegpt", """{"conversations":"x"}""", "conversations: expected a list, got text")]
    [InlineData("messages", """{"messages":[]}""", "messages: is empty")]
    [InlineData("messages", """{"messages":["x"]}""", "messages[0]: expected an object, got text")]
    [InlineData("messages", """{"messages":[{"content":"x"}]}""", "messages[0].role: is missing")]
    [InlineData("messages", """{"messages":[{"role":"user"}]}""", "messages[0].content: expected text, got null")]
    [InlineData("messages", """{"messages":[{"role":"assistant","content":" "}]}""", "messages[0].content: is empty")]
    [InlineData("messages", """{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0]: is not a part of type text")]
    [InlineData("messages", """{"messages":[{"role":"assistant","content":"x","weight":0}]}""", "messages[0].weight: is 0, which asks for a turn that is not trained on; that is not supported")]
    [InlineData("preferred-output", """{"input":"x","preferred_output":[]}""", "input: expected an object, got text")]
    [InlineData("self-instruct", """{"instruction":"x","instances":[{"input":"y"}]}""", "instances[0].output: is missing")]
    [InlineData("prompt-completion", """{"prompt":"x"}""", "completion: is missing")]
    [InlineData("text", """{"text":null}""", "text: expected text, got null")]
    [InlineData("tokens", """{"input_ids":[1,2.5]}""", "input_ids[1]: expected a whole number, got a number")]
    [InlineData("tokens", """{"input_ids":[1,99999999999]}""", "input_ids[1]: expected a whole number, got a number")]
    [InlineData("tokens", """{"input_ids":[1,2],"labels":[1]}""", "labels: has 1 numbers, input_ids 2")]
    public void F1_a_faulty_field_is_named_with_its_reason(string format, string json, string fault) =>
        Assert.Equal(fault, Assert.Throws<BadRowException>(() => DataFormats.Named(format).Convert(Row(json))).Message);

    [Theory]
    [InlineData(AlpacaPromptFormat.WithInput, 224, "28811e9850d9511bab334d167a03a8a37614535fdb28d645492efac8e9951c0f")]
    [InlineData(AlpacaPromptFormat.WithoutInput, 152, "35101bc36d10997c7d926d8f21f7d173aec6523f3a57d78821b944a89925cdca")]
    public void The_alpaca_prompts_are_the_published_bytes(string template, int bytes, string sha256)
    {
        Assert.Equal(bytes, Encoding.UTF8.GetByteCount(template));
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template))));
    }

    [Fact]
    public void The_alpaca_prompt_takes_contents_as_they_are()
    {
        var example = (TextExample)DataFormats.Named("alpaca-prompt").Convert(Row("""{"instruction":"a {input} b","input":"c {instruction} d","output":"e"}"""));
        Assert.EndsWith("### Instruction:\na {input} b\n\n### Input:\nc {instruction} d\n\n### Response:", example.Prompt);
        Assert.Equal(("e", true), (example.Completion, example.Raw));
        Assert.EndsWith("request.\n\n### Instruction:\nx\n\n### Response:", ((TextExample)DataFormats.Named("alpaca-prompt").Convert(Row("""{"instruction":"x","output":"e"}"""))).Prompt);
    }

    [Theory]
    [InlineData("alpaca/alpaca_2000.json", "alpaca")]
    [InlineData("dolly/dolly_2000.json", "alpaca")]
    [InlineData("orca/orca_dpo_pairs_validation.jsonl", "preferred-output")]
    [InlineData("self-instruct/seed_tasks.jsonl", "self-instruct")]
    [InlineData("self-instruct/user_oriented_instructions.jsonl", "self-instruct")]
    [InlineData("gsm8k/train_first2500.jsonl", "question-answer")]
    [InlineData("boolq/validation_first600.csv", "question-answer")]
    [InlineData("llm-tuning-safety/identity-shift-aoa-llama2.json", "messages")]
    [InlineData("llm-tuning-safety/identity-shift-aoa-gpt35.jsonl", "messages")]
    [InlineData("llm-tuning-safety/pure_bad_10_demo.placeholder.jsonl", "messages")]
    public void F3_published_files_are_detected_and_every_row_converts(string file, string name)
    {
        SourceRow[] rows = [.. RowReader.Read(Shared.Path(["data", .. file.Split('/')]))];
        DataFormat format = DataFormats.Detect(rows[0].Fields!, rows[0].Source);
        Assert.Equal(name, format.Name);
        Assert.All(rows, row => Assert.Equal("assistant", (string?)((ChatExample)format.Convert(row.Fields!)).Messages[^1]!["role"]));
    }
}
