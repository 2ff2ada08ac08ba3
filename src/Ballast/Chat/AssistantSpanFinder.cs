using System.Text.Json.Nodes;
using Ballast.Chat.Jinja;

namespace Ballast.Chat;

/// <summary>Finds what the assistant writes in a conversation whose template does not mark it.</summary>
/// <remarks>
/// The conversation is rendered once more with the content of each assistant message between two marks, which must change nothing else. A span starts where the
/// rendering of the messages before it, with the generation prompt, ends, if that is a true prefix; otherwise at the marked content. It ends after the end-of-turn
/// text: what follows the content both when the conversation stops there and when it goes on. Where neither way is certain the template is refused.
/// </remarks>
internal sealed class AssistantSpanFinder(ChatTemplate template, JsonArray messages, JsonObject? variables, string text)
{
    private readonly MarkedMessages _marks = MarkedMessages.Mark(messages, text);

    public RenderedChat Find()
    {
        MarkedText? whole = Render(_marks.Messages, messages.Count, addGenerationPrompt: false);
        whole = whole?.Text == text ? whole : null;
        var spans = new List<(int Start, int End)>();
        for (int i = 0; i < messages.Count; i++)
        {
            if (MarkedMessages.IsAssistant(messages[i]))
            {
                (int start, int end) = FindOne(i, whole);
                spans.Add((CodePoints.Count(text.AsSpan(0, start)), CodePoints.Count(text.AsSpan(0, end))));
                if (spans.Count > 1 && spans[^1].Start < spans[^2].End)
                {
                    throw Refusal(i, "its span overlaps the one before it");
                }
            }
        }

        return new RenderedChat(text, spans);
    }

    private (int Start, int End) FindOne(int index, MarkedText? whole)
    {
        // The conversation that stops after this message, and the one that goes on with what follows or with a user's words.
        MarkedText stopped = Render(_marks.Messages, index + 1, addGenerationPrompt: false) ?? throw Refusal(index, "the conversation cannot be rendered up to it");
        MarkedText? going = Render(index + 1 < messages.Count ? _marks.Messages : _marks.FollowedByUser(), index + 2, addGenerationPrompt: false);
        string? prompt = Render(_marks.Messages, index, addGenerationPrompt: true)?.Text;
        bool isPrefix = prompt is not null && text.StartsWith(prompt, StringComparison.Ordinal);

        int start = isPrefix ? prompt!.Length
            : whole?.Start(index) is { } marked ? marked - Lead(prompt, stopped, index)
            : throw Refusal(index, "what comes before it changes when it is added, so the template gives no true prefix to find it by");

        // From the end of the content where it is marked, else from the start of the span.
        if (whole?.End(index) is { } end && stopped.End(index) is { } stoppedEnd)
        {
            return (start, end + EndOfTurn(index, end, stopped, stoppedEnd, going, going?.End(index)));
        }

        bool unchanged = isPrefix && stopped.Text.StartsWith(prompt!, StringComparison.Ordinal);
        return unchanged
            ? (start, start + EndOfTurn(index, start, stopped, start, going, going?.Text.StartsWith(prompt!, StringComparison.Ordinal) == true ? start : null))
            : throw Refusal(index, "its content cannot be found in the rendered text");
    }

    // The text between the generation prompt and the content, such as a blank, where both are known.
    private static int Lead(string? prompt, MarkedText stopped, int index) =>
        prompt is not null && stopped.Start(index) is { } content && content >= prompt.Length && stopped.Text.StartsWith(prompt, StringComparison.Ordinal)
            ? content - prompt.Length : 0;

    // How many characters after the content (or after the start of the span) belong to the turn; the same place in the three texts is given.
    private int EndOfTurn(int index, int inText, MarkedText stopped, int inStopped, MarkedText? going, int? inGoing)
    {
        string tail = stopped.Text[inStopped..];
        int length = tail.Length;
        if (going is not null && inGoing is { } at)
        {
            length = tail.AsSpan().CommonPrefixLength(going.Text.AsSpan(at));
            length = TurnMarkers.WholeMarkers(tail.AsSpan(0, length), cut: length < tail.Length || at + length < going.Text.Length);
            if (length < tail.Length && IgnoresGenerationPrompt(index, stopped))
            {
                // Such a template goes on with the header of the next answer, whatever follows; only the first marker ends the turn.
                length = TurnMarkers.FirstMarker(tail.AsSpan(0, length));
            }
        }

        string kept = tail[..length].TrimEnd();
        length = kept.Length == 0 ? length : kept.Length;
        return string.CompareOrdinal(text, inText, tail, 0, length) == 0 ? length : throw Refusal(index, "it is followed by another text than when the conversation stops there");
    }

    private bool IgnoresGenerationPrompt(int index, MarkedText stopped) => Render(_marks.Messages, index + 1, addGenerationPrompt: true)?.Text == stopped.Text;

    // Null where the template refuses the shortened conversation.
    private MarkedText? Render(JsonArray source, int count, bool addGenerationPrompt)
    {
        try
        {
            var part = new JsonArray([.. source.Take(count).Select(message => message?.DeepClone())]);
            return MarkedText.Read(template.RenderPlain(part, addGenerationPrompt, variables).Text);
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    private TemplateException Refusal(int index, string reason) => new(
        $"{template.Name}: the chat template does not tell what the assistant writes in messages[{index}]: {reason}; use a template with {{% generation %}} blocks");
}
