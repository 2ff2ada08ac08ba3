using System.Text.Json.Nodes;

namespace Ballast.Chat;

/// <summary>A conversation file: messages and what else the template is given.</summary>
/// <param name="Messages">The messages, each an object with a role.</param>
/// <param name="Variables">Template variables: tools, documents, date_string and the like.</param>
/// <param name="AddGenerationPrompt">The file's add_generation_prompt, false where it has none.</param>
/// <param name="ContinueFinalMessage">The file's continue_final_message, false where it has none.</param>
public sealed record ChatRequest(JsonArray Messages, JsonObject Variables, bool AddGenerationPrompt, bool ContinueFinalMessage)
{
    /// <summary>Reads a list of messages, or an object whose "messages" are that list and whose other keys are the template's variables.</summary>
    /// <param name="document">The parsed file; it is not changed.</param>
    /// <exception cref="TemplateException">The document has neither form.</exception>
    public static ChatRequest Parse(JsonNode? document)
    {
        if (document is JsonArray list)
        {
            return new ChatRequest(list.DeepClone().AsArray(), [], false, false);
        }

        if (document is not JsonObject map || map["messages"] is not JsonArray messages)
        {
            throw new TemplateException("the messages file holds neither a list of messages nor an object with a list under \"messages\"; write [{\"role\": \"user\", \"content\": \"...\"}]");
        }

        JsonObject variables = map.DeepClone().AsObject();
        variables.Remove("messages");
        return new ChatRequest(messages.DeepClone().AsArray(), variables, TakeFlag(variables, "add_generation_prompt"), TakeFlag(variables, "continue_final_message"));
    }

    private static bool TakeFlag(JsonObject variables, string name)
    {
        JsonNode? value = variables[name];
        variables.Remove(name);
        return value switch
        {
            null => false,
            JsonValue flag when flag.TryGetValue(out bool given) => given,
            _ => throw new TemplateException($"{name} in the messages file is {value.ToJsonString()}; expected true or false"),
        };
    }
}
