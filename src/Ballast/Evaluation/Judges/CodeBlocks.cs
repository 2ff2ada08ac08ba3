namespace Ballast.Evaluation.Judges;

/// <summary>Finds code in Markdown: what a program prints is not what the model says.</summary>
internal static class CodeBlocks
{
    /// <summary>The text with fenced blocks (an unclosed one to the end) and inline code replaced by as many blanks, so positions stay.</summary>
    public static string Blank(string text)
    {
        char[] letters = text.ToCharArray();
        int position = text.IndexOf('`', StringComparison.Ordinal);
        while (position >= 0)
        {
            bool fence = text.AsSpan(position).StartsWith("```");
            int end = fence ? EndOfFence(text, position) : EndOfInline(text, position);
            Array.Fill(letters, ' ', position, end - position);
            position = text.IndexOf('`', end);
        }

        return new string(letters);
    }

    private static int EndOfFence(string text, int start)
    {
        int close = text.IndexOf("```", start + 3, StringComparison.Ordinal);
        return close < 0 ? text.Length : close + 3;
    }

    // Inline code ends on its own line; a lone backtick is no code.
    private static int EndOfInline(string text, int start)
    {
        int close = text.AsSpan(start + 1).IndexOfAny('`', '\n');
        return close >= 0 && text[start + 1 + close] == '`' ? start + 2 + close : start + 1;
    }
}
