using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Chat;

public class ChatTemplateGoldenTests
{
    // Not compared: the column with_none_kept (9 rows), the behavior of transformers before 5.
    [Fact]
    public void Every_template_renders_every_conversation_as_the_reference_does()
    {
        Dictionary<string, ChatTemplate> templates = [];
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("cases.jsonl"))
        {
            rows++;
            (string name, string conversation) = ((string)row["template"]!, (string)row["conversation"]!);
            ChatTemplate template = templates.TryGetValue(name, out ChatTemplate? known) ? known : templates[name] = ChatGoldens.Template(name);
            (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
            string? difference = ChatGoldens.Difference(row, () => template.Render(messages, (bool)row["add_generation_prompt"]!, variables, (bool)row["continue_final_message"]!).Text);
            if (difference is not null)
            {
                differences.Add($"{name} / {conversation}: {difference}");
            }
        }

        ChatGoldens.AssertNone(differences, rows, 991);
    }

    [Fact]
    public void Every_construct_prints_or_fails_as_the_reference_does()
    {
        JsonObject context = JsonNode.Parse(File.ReadAllText(Shared.Path("golden", "chat", "snippets-context.json")))!.AsObject();
        ChatRequest request = ChatRequest.Parse(context);
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("snippets.jsonl"))
        {
            rows++;
            string snippet = (string)row["snippet"]!;
            if (ChatGoldens.Difference(row, () => ChatTemplate.Parse(snippet).Render(request.Messages, false, request.Variables).Text) is { } difference)
            {
                differences.Add($"{snippet}\n{difference}");
            }
        }

        ChatGoldens.AssertNone(differences, rows, 340);
    }

    [Fact]
    public void Generation_blocks_give_the_spans_of_the_reference()
    {
        int rows = 0;
        var differences = new List<string>();
        foreach (JsonObject row in ChatGoldens.Rows("masks.jsonl").Where(row => row["character_spans"] is not null))
        {
            rows++;
            (string name, string conversation) = ((string)row["template"]!, (string)row["conversation"]!);
            ChatTemplate template = ChatGoldens.Template(name, (string)row["tokenizer"]!);
            (JsonArray messages, JsonObject variables) = ChatGoldens.Conversation(conversation);
            RenderedChat chat = template.Render(messages, false, variables);
            string spans = $"[{string.Join(",", chat.GenerationSpans.Select(span => $"[{span.Start},{span.End}]"))}]";
            if (spans != row["character_spans"]!.ToJsonString() || chat.Text != (string)row["output"]!)
            {
                differences.Add($"{name} / {conversation}: {spans}, expected {row["character_spans"]!.ToJsonString()}\n{chat.Text}");
            }
        }

        ChatGoldens.AssertNone(differences, rows, 86);
    }
}
