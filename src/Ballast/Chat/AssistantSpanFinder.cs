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
        int last = 0;
        int points = 0;
        for (int i = 0; i < messages.Count; i++)
        {
            if (MarkedMessages.IsAssistant(messages[i]))
            {
                (int start, int end) = FindOne(i, whole);
                if (start < last)
                {
                    throw Refusal(i, "its span overlaps the one before it");
                }

                int from = points + CodePoints.Count(text.AsSpan(last, start - last));
                points = from + CodePoints.Count(text.AsSpan(start, end - start));
                last = end;
                spans.Add((from, points));
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
        int start = FindStart(index, prompt, whole, stopped);

        // From the end of the content where it is marked, else from the start of the span.
        if (whole?.End(index) is { } end && stopped.End(index) is { } stoppedEnd)
        {
            return (start, end + EndOfTurn(index, prompt, end, stopped, stoppedEnd, going, going?.End(index)));
        }

        string before = text[..start];
        bool unchanged = stopped.Text.StartsWith(before, StringComparison.Ordinal) && going?.Text.StartsWith(before, StringComparison.Ordinal) == true;
        int length = unchanged ? EndOfTurn(index, prompt, start, stopped, start, going, start) : throw Refusal(index, "its content cannot be found in the rendered text");
        return TurnMarkers.AreOnlyEnding(stopped.Text.AsSpan(start + length)) || OpensAnswer(prompt, stopped)
            ? (start, start + length)
            : throw Refusal(index, "it changes when the conversation goes on");
    }

    private int FindStart(int index, string? prompt, MarkedText? whole, MarkedText stopped)
    {
        int? content = whole?.Start(index);
        if (prompt is not null && text.StartsWith(prompt, StringComparison.Ordinal))
        {
            // A prompt that ends without the header of an answer leaves that header between itself and the content.
            bool lacksHeader = content is { } at && !string.IsNullOrWhiteSpace(text[prompt.Length..at]) && Render(_marks.Messages, index, addGenerationPrompt: false)?.Text == prompt;
            return lacksHeader ? content!.Value : prompt.Length;
        }

        if (content is not null)
        {
            // Between the generation prompt and the content there may be a blank or the like, which the model writes.
            bool follows = prompt is not null && stopped.Start(index) >= prompt.Length && stopped.Text.StartsWith(prompt, StringComparison.Ordinal);
            return content.Value - (follows ? stopped.Start(index)!.Value - prompt!.Length : 0);
        }

        // A prompt that goes beyond the header, such as by an opening of thoughts, shares the header at least.
        string? before = prompt is null ? null : Render(_marks.Messages, index, addGenerationPrompt: false)?.Text;
        int shared = prompt is null ? 0 : TurnMarkers.WholeMarkers(text.AsSpan(0, text.AsSpan().CommonPrefixLength(prompt)), cut: true);
        return before is not null && shared > before.Length && text.StartsWith(before, StringComparison.Ordinal)
            ? shared
            : throw Refusal(index, "what comes before it changes when it is added, so there is no true prefix to find it by");
    }

    // How many characters after the content (or after the start of the span) belong to the turn; the same place in the three texts is given.
    private int EndOfTurn(int index, string? prompt, int inText, MarkedText stopped, int inStopped, MarkedText? going, int? inGoing)
    {
        string tail = stopped.Text[inStopped..];
        int length = tail.Length;
        if (going is not null && inGoing is { } at)
        {
            length = tail.AsSpan().CommonPrefixLength(going.Text.AsSpan(at));
            length = TurnMarkers.WholeMarkers(tail.AsSpan(0, length), cut: length < tail.Length || at + length < going.Text.Length);
            length = OpensAnswer(prompt, stopped) ? TurnMarkers.FirstMarker(tail.AsSpan(0, length)) : length;
        }

        string kept = tail[..length].TrimEnd();
        length = kept.Length == 0 ? length : kept.Length;
        return string.CompareOrdinal(text, inText, tail, 0, length) == 0 ? length : throw Refusal(index, "it is followed by another text than when the conversation stops there");
    }

    // A template that ends every conversation with the header of an answer, asked or not: then only the first marker ends the turn.
    private static bool OpensAnswer(string? prompt, MarkedText stopped) => prompt is not null && TurnMarkers.ShareEnding(prompt, stopped.Text);

    // Null where the template refuses the shortened conversation.
    private MarkedText? Render(JsonArray source, int count, bool addGenerationPrompt)
    {
        try
        {
            return MarkedText.Read(template.RenderPlain(source.Take(count), addGenerationPrompt, variables).Text);
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    private TemplateException Refusal(int index, string reason) => new(
        $"{template.Name}: the chat template does not tell what the assistant writes in messages[{index}]: {reason}; use a template with {{% generation %}} blocks");
}
