using System.Text.Json.Nodes;
using Ballast.Data.Formats;
using Ballast.Evaluation.Suites;
using Ballast.Generation;

namespace Ballast.Evaluation;

/// <summary>A prompt as the model reads it.</summary>
/// <param name="Text">The text, chat template applied.</param>
/// <param name="Ids">Its token ids, beginning-of-text included.</param>
public sealed record RenderedPrompt(string Text, int[] Ids)
{
    /// <summary>Puts a suite's prompt into the form that its style asks for.</summary>
    /// <exception cref="BallastException">The model has no chat template, the template refuses the messages, or the prompt leaves no room for a reply.</exception>
    public static RenderedPrompt Of(ILanguageModel model, Suite suite, SuitePrompt prompt)
    {
        RenderedPrompt rendered = suite.Style == PromptStyle.Chat ? Chat(model, suite, prompt) : Raw(model, suite, prompt);
        return rendered.Ids.Length < model.MaxLength
            ? rendered
            : throw new DataException(
                $"{suite.Name}: prompt '{prompt.Id}' has {rendered.Ids.Length} tokens, '{model.Name}' takes {model.MaxLength} with the reply; filter the prompt out");
    }

    private static RenderedPrompt Raw(ILanguageModel model, Suite suite, SuitePrompt prompt)
    {
        string words = suite.System is null ? prompt.Text : $"{suite.System}\n\n{prompt.Text}";
        string text = suite.Style == PromptStyle.Alpaca ? AlpacaPromptFormat.WithoutInput.Replace("{instruction}", words, StringComparison.Ordinal) : words;
        return new RenderedPrompt(text, model.Tokenizer.Encode(text, addSpecialTokens: true, parseSpecialTokens: false));
    }

    private static RenderedPrompt Chat(ILanguageModel model, Suite suite, SuitePrompt prompt)
    {
        if (model.Template is null)
        {
            throw new ConfigException($"{suite.Name}: '{model.Name}' has no chat template; add one to its folder (chat_template.jinja), or ask with the template raw or alpaca");
        }

        JsonArray messages = suite.System is null ? [] : [Message("system", suite.System)];
        messages.Add((JsonNode)Message("user", prompt.Text));
        string text = model.Template.Render(messages, addGenerationPrompt: true, suite.TemplateVariables).Text;
        return new RenderedPrompt(text, model.Tokenizer.Encode(text));   // the template writes the special tokens itself
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
