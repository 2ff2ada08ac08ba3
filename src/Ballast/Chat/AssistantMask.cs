namespace Ballast.Chat;

/// <summary>Which tokens are targets: those that overlap a span of what the assistant writes.</summary>
public static class AssistantMask
{
    /// <summary>The mask over tokens by their offsets.</summary>
    /// <remarks>
    /// Each token is judged by its own offsets, so a text truncated on either side only needs the offsets that are left. Departs from transformers, whose masks mark one token of a
    /// last character made of several, mark everything when a span ends in the first token, and lose spans after a truncation on the left.
    /// </remarks>
    /// <param name="spans">Spans [Start, End) in code points, as in <see cref="RenderedChat.GenerationSpans"/>: in order, without overlap.</param>
    /// <param name="offsets">Offsets [Start, End) of the tokens in code points of the same text; empty ones (padding) are never targets.</param>
    /// <returns>One flag per token.</returns>
    public static bool[] Of(IReadOnlyList<(int Start, int End)> spans, ReadOnlySpan<(int Start, int End)> offsets)
    {
        var mask = new bool[offsets.Length];
        int span = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            (int start, int end) = offsets[i];
            while (span > 0 && spans[span - 1].End > start)
            {
                span--;
            }

            while (span < spans.Count && spans[span].End <= start)
            {
                span++;
            }

            mask[i] = end > start && span < spans.Count && spans[span].Start < end;
        }

        return mask;
    }
}
