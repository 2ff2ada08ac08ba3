using System.Text.Json.Nodes;
using Ballast.Chat.Jinja;

namespace Ballast.Chat;

/// <summary>Messages as a template sees them, by the rules of transformers 5.</summary>
internal static class ChatMessages
{
    private static readonly string[] s_reasoning = ["reasoning_content", "thinking", "reasoning"];

    /// <summary>
    /// Keys without a value are dropped, so that a missing content is undefined and not None; reasoning under any of its three names
    /// is also found under reasoning_content and thinking.
    /// </summary>
    public static List<object?> Read(IEnumerable<JsonNode?> messages)
    {
        try
        {
            return [.. messages.Select(Read)];
        }
        catch (Exception e) when (e is JinjaException or ArgumentException or InvalidOperationException)
        {
            throw new TemplateException($"the messages cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The variables as a template sees them.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Read(JsonObject? variables)
    {
        try
        {
            return [.. (variables ?? []).Select(item => KeyValuePair.Create(item.Key, JsonReader.Read(item.Value)))];
        }
        catch (Exception e) when (e is JinjaException or ArgumentException or InvalidOperationException)
        {
            throw new TemplateException($"the template's variables cannot be read: {e.Message}", e);
        }
    }

    private static object? Read(JsonNode? node, int index)
    {
        JsonObject message = node as JsonObject
            ?? throw new TemplateException($"messages[{index}] is {node?.GetValueKind().ToString().ToLowerInvariant() ?? "null"}; expected an object with a role and a content");
        var read = new DictValue();
        foreach ((string key, JsonNode? value) in message)
        {
            if (value is not null)
            {
                read.Set(key, JsonReader.Read(value));
            }
        }

        if (s_reasoning.FirstOrDefault(name => read.TryGet(name, out _)) is { } found && read.TryGet(found, out object? reasoning))
        {
            read.Set("reasoning_content", reasoning);
            if (!read.TryGet("thinking", out _))
            {
                read.Set("thinking", reasoning);
            }
        }

        return read;
    }
}
