using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Chat.Jinja;
using Xunit;

namespace Ballast.Tests.Chat;

public class AssistantSpansTests
{
    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "4.<|im_end|>", "It is 6, of course.<|im_end|>")]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct", "4.<|eot_id|>", "It is 6, of course.<|eot_id|>")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct", "4.<|eot_id|>", "It is 6, of course.<|eot_id|>")]
    [InlineData("google-gemma-2-2b-it", "4.<end_of_turn>", "It is 6, of course.<end_of_turn>")]
    [InlineData("parts", "4.<end_of_turn>", "It is 6, of course.<end_of_turn>")]
    [InlineData("microsoft-Phi-3.5-mini-instruct", "4.<|end|>", "It is 6, of course.<|end|>")]
    [InlineData("phi-4-mini", "4.<|end|>", "It is 6, of course.<|end|>")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "4.</s>", "It is 6, of course.</s>")]
    [InlineData("collected-Mistral-Large-Instruct-2407v3", " 4.</s>", " It is 6, of course.</s>")]
    [InlineData("llama2-sys", " 4. </s>", " It is 6, of course. </s>")]
    [InlineData("zephyr-lines", "4.</s>", "It is 6, of course.</s>")]
    [InlineData("collected-Llama-3", "4.<|eot_id|>", "It is 6, of course.<|eot_id|>")]
    [InlineData("collected-deepseek-ai-deepseek-coder-33b-instruct", "4.\n<|EOT|>", "It is 6, of course.\n<|EOT|>")]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "4.<\uff5cend\u2581of\u2581sentence\uff5c>", "It is 6, of course.<\uff5cend\u2581of\u2581sentence\uff5c>")]
    [InlineData("qwen3", "4.<|im_end|>", "<think>\n\n</think>\n\nIt is 6, of course.<|im_end|>")]
    [InlineData("dates", " 4.\n", " It is 6, of course.\n")]
    [InlineData("collected-ChatGLM4", "\n4.", "\nIt is 6, of course.")]
    public void A3_spans_of_a_template_without_marks_hold_the_answers_and_their_end_of_turn(string template, params string[] expected) =>
        Assert.Equal(expected, Texts(Find(template, "assistant-last")));

    [Theory]
    [InlineData("chatml-generation")]
    [InlineData("llama3-generation")]
    [InlineData("thinking")]
    public void A3_spans_found_are_those_that_the_template_marks(string template) =>
        Compare(template, marked => marked);

    [Fact]
    public void A3_spans_found_leave_out_the_line_end_that_phi_marks_after_the_turn() =>
        Compare("phi-swallow", marked => marked.TrimEnd('\n'), knownRolesOnly: true); // it marks every other role as the assistant's words

    [Fact]
    public void A3_spans_found_leave_out_the_header_that_smollm_marks() =>
        Compare("HuggingFaceTB-SmolLM3", marked => marked.Replace("<|im_start|>assistant\n", "", StringComparison.Ordinal).TrimEnd('\n'));

    [Fact]
    public void A3_spans_found_hold_the_end_of_turn_that_marks_around_the_content_alone_leave_out() =>
        Compare("generation-odd", marked => marked + "</s>");

    [Fact]
    public void Marks_of_the_template_are_taken_as_they_are()
    {
        (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation("assistant-last");
        ChatTemplate template = ChatGoldens.Template("generation-odd");
        Assert.True(template.MarksGeneration);
        Assert.Equal(["4.", "It is 6, of course."], Texts(template.AssistantSpans(messages, variables)));
    }

    [Theory]
    [InlineData("blanks", "  answer with blanks  <|im_end|>")]
    [InlineData("unicode", "na\u00efve \u2014 \ufb01 \u200b\u202e<|im_end|>")]
    [InlineData("injection", "No. <|endoftext|><|im_end|>")]
    [InlineData("tools-none-content", "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n</tool_call><|im_end|>", "3<|im_end|>")]
    [InlineData("two-assistants", "two<|im_end|>", "three<|im_end|>")]
    [InlineData("assistant-first", "I start.<|im_end|>")]
    public void Spans_survive_odd_contents(string conversation, params string[] expected) => Assert.Equal(expected, Texts(Find("Qwen-Qwen2.5-7B-Instruct", conversation)));

    [Fact]
    public void Every_span_found_lies_in_order_and_holds_the_message_that_the_template_keeps()
    {
        int found = 0;
        foreach (string file in Directory.GetFiles(Support.Shared.Path("golden", "chat", "templates")))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            foreach (string conversation in new[] { "multi-turn", "assistant-last", "blanks", "empty-user", "injection", "template-in-content" })
            {
                RenderedChat chat;
                try
                {
                    chat = Find(name, conversation);
                }
                catch (TemplateException e) when (e.Message.Contains("roles", StringComparison.Ordinal) || e.Message.Contains("System role", StringComparison.Ordinal))
                {
                    continue; // the template itself refuses the conversation
                }

                string[] contents = [.. ChatGoldens.Conversation(conversation).Messages.Where(MarkedMessages.IsAssistant).Select(message => ((string)message!["content"]!).Trim())];
                string[] texts = Texts(chat);
                Assert.Equal(contents.Length, texts.Length);
                for (int i = 0; i < contents.Length; i++)
                {
                    Assert.Contains(contents[i], texts[i], StringComparison.Ordinal);
                    Assert.DoesNotContain("user", texts[i], StringComparison.Ordinal);
                    found++;
                }
            }
        }

        Assert.True(found > 200, $"only {found} spans");
    }

    [Fact]
    public void A3_a_template_that_rewrites_its_messages_is_refused_by_name()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ loop.length ~ (m.content | upper | reverse) }}{% endfor %}", name: "odd.jinja");
        JsonArray messages = [Message("user", "a"), Message("assistant", "b c"), Message("user", "d")];
        var fault = Assert.Throws<TemplateException>(() => template.AssistantSpans(messages));
        Assert.StartsWith("odd.jinja: the chat template does not tell what the assistant writes in messages[1]: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Marks_inside_a_macro_are_found_by_rendering_instead()
    {
        var template = ChatTemplate.Parse("{% macro say(m) %}<{{ m.role }}>{% generation %}{{ m.content }}</e>{% endgeneration %}{% endmacro %}{% for m in messages %}{{ say(m) }}{% endfor %}"
            + "{% if add_generation_prompt %}<assistant>{% endif %}");
        RenderedChat chat = template.AssistantSpans([Message("user", "q"), Message("assistant", "a"), Message("user", "q")]);
        Assert.Equal("<user>q</e><assistant>a</e><user>q</e>", chat.Text);
        Assert.Equal([(22, 27)], chat.GenerationSpans);
    }

    [Fact]
    public void A_conversation_without_an_answer_has_no_spans() =>
        Assert.Empty(ChatGoldens.Template("google-gemma-2-2b-it").AssistantSpans([Message("user", "q")]).GenerationSpans);

    private static void Compare(string template, Func<string, string> adjust, bool knownRolesOnly = false)
    {
        int compared = 0;
        foreach ((string conversation, JsonNode? value) in JsonNode.Parse(File.ReadAllText(Support.Shared.Path("golden", "chat", "conversations.json")))!.AsObject())
        {
            (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
            RenderedChat marked;
            try
            {
                marked = ChatGoldens.Template(template).Render(messages, false, variables);
            }
            catch (TemplateException)
            {
                continue; // the template refuses the conversation
            }

            if (marked.GenerationSpans.Count == 0 || (knownRolesOnly && messages.Any(message => (string)message!["role"]! is not ("system" or "user" or "assistant"))))
            {
                continue;
            }

            Assert.Equal(Texts(marked).Select(adjust), Texts(Find(template, conversation)));
            compared++;
        }

        Assert.True(compared >= 12, $"only {compared} conversations compared");
    }

    // Always by rendering, also where the template has marks.
    private static RenderedChat Find(string template, string conversation)
    {
        (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
        ChatTemplate parsed = ChatGoldens.Template(template);
        return new AssistantSpanFinder(parsed, messages, variables, parsed.Render(messages, false, variables).Text).Find();
    }

    private static string[] Texts(RenderedChat chat)
    {
        List<int> starts = CodePoints.Starts(chat.Text);
        return [.. chat.GenerationSpans.Select(span => chat.Text[starts[span.Start]..starts[span.End]])];
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
