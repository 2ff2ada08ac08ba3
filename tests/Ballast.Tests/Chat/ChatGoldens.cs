using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Chat;

/// <summary>The reference's templates, conversations and rows.</summary>
internal static class ChatGoldens
{
    public static DateTimeOffset Now { get; } = new(2024, 7, 6, 15, 4, 5, TimeSpan.Zero);

    public static IEnumerable<JsonObject> Rows(string file) =>
        File.ReadLines(Shared.Path("golden", "chat", file)).Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!.AsObject());

    /// <summary>A template with its own special tokens, or with those of a tokenizer of the reference.</summary>
    public static ChatTemplate Template(string name, string? tokenizer = null)
    {
        JsonObject templates = JsonNode.Parse(File.ReadAllText(Shared.Path("golden", "chat", "templates.json")))!["templates"]!.AsObject();
        IReadOnlyDictionary<string, string> tokens = tokenizer is not null ? TemplateFolder.ReadTokens(Shared.Path("golden", "tokenizers", "small", tokenizer))
            : templates[name]!["special_tokens"]!.AsObject().ToDictionary(item => item.Key, item => (string)item.Value!);
        return ChatTemplate.Parse(File.ReadAllText(Shared.Path("golden", "chat", "templates", name + ".jinja")), tokens, Now, name);
    }

    public static (JsonArray Messages, JsonObject Variables) Conversation(string name)
    {
        JsonObject conversation = JsonNode.Parse(File.ReadAllText(Shared.Path("golden", "chat", "conversations.json")))![name]!.AsObject();
        JsonObject variables = conversation["variables"]?.DeepClone().AsObject() ?? [];
        foreach (string key in new[] { "tools", "documents" })
        {
            if (conversation[key] is { } value)
            {
                variables[key] = value.DeepClone();
            }
        }

        return (conversation["messages"]!.AsArray(), variables);
    }

    /// <summary>Compares with a row's output or error; null when equal, else what differs.</summary>
    public static string? Difference(JsonObject row, Func<string> render)
    {
        try
        {
            string text = render();
            return row["error"] is { } missing ? $"no error, but {missing["type"]} is expected: {text}"
                : text == (string)row["output"]! ? null : $"got      {JsonValue.Create(text).ToJsonString()}\nexpected {row["output"]!.ToJsonString()}";
        }
        catch (TemplateException e)
        {
            return row["error"] is not { } error ? $"error {e.Message}"
                : (string)error["kind"]! == "raise_exception" && e.Message != (string)error["message"]! ? $"message {e.Message}, expected {error["message"]}" : null;
        }
    }

    public static void AssertNone(IEnumerable<string> differences, int rows, int expectedRows)
    {
        List<string> all = [.. differences];
        Assert.True(all.Count == 0, $"{all.Count} of {rows} rows differ:\n{string.Join("\n", all.Take(20))}");
        Assert.Equal(expectedRows, rows);
    }
}
