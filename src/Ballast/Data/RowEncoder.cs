using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Configs;
using Ballast.Data.Formats;
using Ballast.Tokenizers;

namespace Ballast.Data;

/// <summary>Turns what a row means into tokens and targets.</summary>
/// <remarks>
/// A conversation is rendered whole by the chat template and encoded whole, without adding special tokens: what the template writes is all there is, so no
/// beginning token is doubled. Its targets are the tokens that overlap what the assistant says, up to and with the token that ends its turn.
/// Plain text is encoded whole by the tokenizer's own rule for beginning and end tokens; its targets are the tokens that overlap the completion, and one
/// end token, which is added where the tokenizer does not.
/// </remarks>
internal sealed class RowEncoder(DataSection section, Tokenizer? tokenizer, ChatTemplate? template, int vocabSize)
{
    /// <summary>The row as tokens, whole, whatever its length.</summary>
    /// <exception cref="BadRowException">A token lies outside the vocabulary.</exception>
    /// <exception cref="TemplateException">The chat template refuses the messages.</exception>
    /// <exception cref="DataException">The model lacks what the format needs: a tokenizer, a chat template or an end token.</exception>
    public TokenRow Encode(Example example, string source)
    {
        (int[] ids, int[] labels) = example switch
        {
            TokenExample tokens => (tokens.InputIds, tokens.Labels),
            ChatExample chat => Chat(chat.Messages, chat.Variables, source),
            TextExample { Raw: false } pair when template is not null => Chat(Messages.Turn(pair.Prompt, pair.Completion).Messages, null, source),
            TextExample text => Text(text, source),
            _ => throw new NotSupportedException(example.GetType().Name),
        };
        CheckVocabulary(ids, "input_ids");
        CheckVocabulary(labels, "labels", TokenRow.NoTarget);
        return new TokenRow(ids, labels, source);
    }

    private (int[] Ids, int[] Labels) Chat(JsonArray messages, JsonObject? ownVariables, string source)
    {
        ChatTemplate chat = template ?? throw new DataException(
            $"{source}: the model has no chat template for these rows; use format alpaca-prompt, prompt-completion or text, or put a chat_template.jinja into its folder");
        bool added = section.System is not null && (messages.Count == 0 || (string?)messages[0]!["role"] != "system");
        if (added)
        {
            messages.Insert(0, Messages.Message("system", section.System!));
        }

        JsonObject variables = section.TemplateVariables.DeepClone().AsObject();
        foreach ((string name, JsonNode? value) in ownVariables ?? [])
        {
            variables[name] = value?.DeepClone();
        }

        RenderedChat rendered;
        try
        {
            rendered = chat.AssistantSpans(messages, variables);
        }
        catch (TemplateException fault) when (added)
        {
            throw new TemplateException($"{fault.Message} (the recipe's data.system puts a system message first; null leaves it away)", fault);
        }

        Encoding encoding = Needed(source).EncodeWithOffsets(rendered.Text, addSpecialTokens: false);
        return (encoding.Ids, Labels(encoding, rendered.GenerationSpans));
    }

    private (int[] Ids, int[] Labels) Text(TextExample text, string source)
    {
        int end = Needed(source).EosId ?? throw new DataException($"{source}: the model's tokenizer names no end token (eos_token), which plain text needs");
        Encoding encoding = tokenizer!.EncodeWithOffsets(text.Prompt + text.Completion, addSpecialTokens: true);
        int start = text.Prompt.EnumerateRunes().Count();
        int[] labels = Labels(encoding, [(start, start + text.Completion.EnumerateRunes().Count())]);
        if (encoding.Ids is [.., int last] && last == end)
        {
            labels[^1] = end;
            return (encoding.Ids, labels);
        }

        return ([.. encoding.Ids, end], [.. labels, end]);
    }

    private Tokenizer Needed(string source) =>
        tokenizer ?? throw new DataException($"{source}: the model has no tokenizer, so its rows must be tokens already (format tokens)");

    private static int[] Labels(Encoding encoding, IReadOnlyList<(int Start, int End)> spans)
    {
        bool[] targets = AssistantMask.Of(spans, encoding.Offsets);
        return [.. encoding.Ids.Select((id, i) => targets[i] ? id : TokenRow.NoTarget)];
    }

    private void CheckVocabulary(int[] values, string field, int? allowed = null)
    {
        int found = Array.FindIndex(values, value => (value < 0 || value >= vocabSize) && value != allowed);
        if (found >= 0)
        {
            throw new BadRowException($"{field}[{found}]", $"the token {values[found]} is outside the model's vocabulary of {vocabSize}");
        }
    }
}
