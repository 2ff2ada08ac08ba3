using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Chat;

namespace Ballast.Cli.Verbs;

/// <summary>inspect chat: a conversation as the model's chat template renders it, and nothing else, on stdout.</summary>
internal static class InspectChatVerb
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("PATH") { Description = "Model folder or .jinja file" };
        var messages = new Option<string>("--messages")
        {
            Description = "JSON: a list of messages, or an object whose 'messages' are that list and whose other keys are template variables",
            HelpName = "FILE.json",
            Required = true,
        };
        var prompt = new Option<bool>("--add-generation-prompt") { Description = "End with the opening of the assistant's turn" };
        var command = new Verb("chat", "Render a conversation with a chat template.",
            "ballast inspect chat models/demo-aligned --messages messages.json --add-generation-prompt") { path, messages, prompt };
        command.SetAction(parse =>
        {
            var template = ChatTemplate.Load(ModelName.Parse(terminal.Model(parse.GetRequiredValue(path))).Folder);
            var (list, variables) = ReadMessages(parse.GetRequiredValue(messages));
            bool opens = parse.GetValue(prompt) || variables?["add_generation_prompt"] is JsonValue value && value.TryGetValue(out bool asked) && asked;
            terminal.Out.Write(template.Render(list, opens, variables).Text);
            return ExitCode.Success;
        });
        return command;
    }

    private static (JsonArray Messages, JsonObject? Variables) ReadMessages(string path)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(InputText.Read(path), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new DataException($"{path}: is not JSON: {e.Message}", e);
        }

        if (root is JsonObject variables && variables["messages"] is JsonArray inner)
        {
            variables.Remove("messages");
            return (inner, variables);
        }

        return (root as JsonArray ?? throw new DataException(
            $"{path}: expected a list of messages, as in [{{\"role\": \"user\", \"content\": \"Hello\"}}], or an object whose 'messages' are one"), null);
    }
}
