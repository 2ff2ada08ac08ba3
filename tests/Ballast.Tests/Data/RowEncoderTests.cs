using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
using Xunit;

namespace Ballast.Tests.Data;

public class RowEncoderTests
{
    private const string ChatMl = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly DataSection s_section = new([]);

    private static string Text(TokenRow row) => CharacterTokenizer.Read(row.InputIds);

    /// <summary>The targets as text, a bar between stretches.</summary>
    private static string Targets(TokenRow row) => string.Join('|', CharacterTokenizer.Read(row.Labels.Select(id => id == TokenRow.NoTarget ? 0 : id))
        .Split('\0', StringSplitOptions.RemoveEmptyEntries));

    private static TokenRow Encode(Example example, DataSection? section = null, string? template = ChatMl, Tokenizer? tokenizer = null) =>
        new RowEncoder(section ?? s_section, tokenizer ?? CharacterTokenizer.Make(), template is null ? null : ChatTemplate.Parse(template), CharacterTokenizer.VocabSize)
            .Encode(example, "f:1");

    private static ChatExample Chat(string messages, string? variables = null) =>
        new(JsonNode.Parse(messages)!.AsArray(), variables is null ? null : JsonNode.Parse(variables)!.AsObject());

    [Fact]
    public void The_assistant_and_its_end_token_are_the_targets_of_a_conversation()
    {
        TokenRow row = Encode(Chat("""[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes."},{"role":"user","content":"Ok"},{"role":"assistant","content":"Bye."}]"""));
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nOk<|im_end|>\n<|im_start|>assistant\nBye.<|im_end|>\n", Text(row));
        Assert.Equal("Yes.<|im_end|>|Bye.<|im_end|>", Targets(row));
    }

    [Fact]
    public void A3_generation_blocks_of_the_template_decide_where_there_are_some()
    {
        const string Marked = "{% for m in messages %}{{ m.role + ': ' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{{ '</s>' }}"
            + "{% else %}{{ m.content }}{% endif %}{% endfor %}";
        Assert.Equal("Yes.", Targets(Encode(Chat("""[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes."}]"""), template: Marked)));
    }

    [Fact]
    public void The_system_message_of_the_recipe_goes_to_rows_that_have_none()
    {
        DataSection section = s_section with { System = "Be kind." };
        Assert.StartsWith("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user", Text(Encode(Chat("""[{"role":"user","content":"Hi"},{"role":"assistant","content":"A"}]"""), section)));
        Assert.DoesNotContain("Be kind.", Text(Encode(Chat("""[{"role":"system","content":"Own."},{"role":"user","content":"Hi"},{"role":"assistant","content":"A"}]"""), section)));
        Assert.StartsWith("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\np<", Text(Encode(new TextExample("p", "c", Raw: false), section)));
    }

    [Fact]
    public void A_template_that_takes_no_system_message_points_to_the_recipe_that_adds_one()
    {
        const string NoSystem = "{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}";
        var fault = Assert.Throws<TemplateException>(() => Encode(Chat("""[{"role":"user","content":"Hi"},{"role":"assistant","content":"A"}]"""), s_section with { System = "Be kind." }, NoSystem));
        Assert.Contains("no system here", fault.Message);
        Assert.Contains("data.system", fault.Message);
        var own = Assert.Throws<TemplateException>(() => Encode(Chat("""[{"role":"system","content":"Own."},{"role":"user","content":"Hi"},{"role":"assistant","content":"A"}]"""), template: NoSystem));
        Assert.DoesNotContain("data.system", own.Message);
    }

    [Fact]
    public void Template_variables_reach_the_template_and_the_rows_own_go_first()
    {
        const string Template = "{{ date }}{% if tools %}T{% endif %}: {% for m in messages %}{{ m.role[0] + '>' + m.content + '</s>' }}{% endfor %}{% if add_generation_prompt %}a>{% endif %}";
        DataSection section = s_section with { TemplateVariables = new JsonObject { ["date"] = "1 May", ["tools"] = false } };
        ChatExample Row(string? variables) => Chat("""[{"role":"user","content":"q"},{"role":"assistant","content":"r"}]""", variables);
        Assert.Equal("1 May: u>q</s>a>r</s>", Text(Encode(Row(null), section, Template)));
        Assert.Equal("1 MayT: u>q</s>a>r</s>", Text(Encode(Row("""{"tools":[1]}"""), section, Template)));
    }

    [Fact]
    public void A_prompt_and_its_completion_are_a_conversation_where_there_is_a_template_and_text_where_there_is_none()
    {
        TokenRow chat = Encode(new TextExample("Hi", "Yes.", Raw: false));
        Assert.Equal(("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n", "Yes.<|im_end|>"), (Text(chat), Targets(chat)));
        TokenRow text = Encode(new TextExample("Hi", "Yes.", Raw: false), template: null);
        Assert.Equal(("<s>HiYes.</s>", "Yes.</s>"), (Text(text), Targets(text)));
        TokenRow raw = Encode(new TextExample("Hi", "Yes.", Raw: true));
        Assert.Equal(("<s>HiYes.</s>", "Yes.</s>"), (Text(raw), Targets(raw)));
    }

    [Theory]
    [InlineData(true, false, "<s>Hey</s>")]
    [InlineData(false, false, "Hey</s>")]
    [InlineData(true, true, "<s>Hey</s>")]
    public void A5_text_has_the_tokenizers_own_beginning_and_exactly_one_end(bool addsBos, bool addsEos, string text)
    {
        TokenRow row = Encode(new TextExample("", "Hey", Raw: true), tokenizer: CharacterTokenizer.Make(addsBos, addsEos));
        Assert.Equal((text, "Hey</s>"), (Text(row), Targets(row)));
    }

    [Fact]
    public void A_completion_begins_at_its_first_character_whatever_stands_before()
    {
        TokenRow row = Encode(new TextExample("\u00e9\U0001F600 ", "\U0001F600!", Raw: true));
        Assert.Equal([0xF0, 0x9F, 0x98, 0x80, '!', CharacterTokenizer.Eos], row.Labels.Where(id => id != TokenRow.NoTarget));
        Assert.Equal(8, row.Labels.Count(id => id == TokenRow.NoTarget));
    }

    [Fact]
    public void A10_a_tokenizer_larger_than_the_model_is_caught_at_the_row() => Assert.Equal(
        "input_ids[0]: the token 256 is outside the model's vocabulary of 200",
        Assert.Throws<BadRowException>(() => new RowEncoder(s_section, CharacterTokenizer.Make(), null, 200).Encode(new TextExample("", "x", true), "f:1")).Message);

    [Fact]
    public void Text_needs_an_end_token() => Assert.Equal("f:1: the model's tokenizer names no end token (eos_token), which plain text needs",
        Assert.Throws<DataException>(() => Encode(new TextExample("a", "b", true), tokenizer: CharacterTokenizer.Make(namesEos: false))).Message);

    [Fact]
    public void F1_what_a_template_refuses_is_a_bad_row_with_its_place()
    {
        string path = Path.Combine(Shared.TemporaryFolder(), "rows.jsonl");
        File.WriteAllText(path, "{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}]}\n");
        var template = ChatTemplate.Parse("{{ raise_exception('roles must alternate') }}");
        Assert.StartsWith($"{path}:1: roles must alternate", Assert.Throws<DataException>(() =>
            TrainingData.Load(s_section with { Train = [new(path)] }, CharacterTokenizer.Make(), template, 300, 0, null, TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void A_row_can_be_inspected_token_by_token()
    {
        IReadOnlyList<TokenView> tokens = TokenView.Of(Encode(new TextExample("a", "b", Raw: true)), CharacterTokenizer.Make());
        Assert.Equal([new(256, "<s>", false), new('a', "a", false), new('b', "b", true), new(257, "</s>", true)], tokens);
        Assert.False(TokenView.Of(new([97, 98], [97, 98], ""), CharacterTokenizer.Make())[0].IsTarget);
    }

    [Fact]
    public void Alpaca_rows_become_conversations_of_which_the_answers_are_learned()
    {
        var section = new DataSection([new DataSource(Shared.Path("data", "alpaca", "alpaca_2000.json"), MaxRows: 300)], MaxLength: 4000);
        var tokenizer = Tokenizer.Load(Shared.Path("golden", "tokenizers", "small", "qwen-style"));
        Dataset train = TrainingData.Load(section, tokenizer, ChatTemplate.Parse(ChatMl), tokenizer.VocabSize, 0, null, TestContext.Current.CancellationToken).Train;
        Assert.Equal((300, 0, 0), (train.Rows.Count, train.Sources[0].Truncated, train.Sources[0].BadRows.Count));
        Assert.InRange(train.TrainedShare, 0.3, 0.8);
        var rows = (JsonArray)JsonNode.Parse(File.ReadAllText(section.Train[0].Path))!;
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal($"{(string)rows[i]!["output"]!}<|im_end|>", tokenizer.Decode([.. train.Rows[i].Labels.Where(id => id != TokenRow.NoTarget)]));
        }
    }
}
