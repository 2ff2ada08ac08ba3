namespace Ballast.Chat;

/// <summary>Markers such as &lt;|eot_id|&gt;, &lt;/s&gt; or [/INST] in the text that ends a turn, recognized by their brackets.</summary>
internal static class TurnMarkers
{
    /// <summary>The length without a marker that two texts share only the beginning of.</summary>
    public static int WholeMarkers(ReadOnlySpan<char> shared, bool cut)
    {
        int open = cut ? shared.LastIndexOfAny('<', '[') : -1;
        return open >= 0 && shared[open..].IndexOf(Close(shared[open])) < 0 ? open : shared.Length;
    }

    /// <summary>The length up to the end of the first marker; all of it where there is none.</summary>
    public static int FirstMarker(ReadOnlySpan<char> text)
    {
        int open = text.IndexOfAny('<', '[');
        int length = open < 0 ? -1 : text[open..].IndexOf(Close(text[open]));
        return length < 0 ? text.Length : open + length + 1;
    }

    /// <summary>Whether a text is blank but for one marker at most, as the end-of-text token that some templates put after a conversation.</summary>
    public static bool AreOnlyEnding(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> inner = text.Trim();
        return inner.IsEmpty || (inner[0] is '<' or '[' && inner.IndexOf(Close(inner[0])) == inner.Length - 1);
    }

    /// <summary>Whether two texts end alike, from a whole marker on.</summary>
    public static bool ShareEnding(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int shared = 0;
        while (shared < a.Length && shared < b.Length && a[^(shared + 1)] == b[^(shared + 1)])
        {
            shared++;
        }

        ReadOnlySpan<char> ending = a[^shared..];
        int open = ending.IndexOfAny('<', '[');
        return open >= 0 && ending[open..].IndexOf(Close(ending[open])) >= 0;
    }

    private static char Close(char open) => open == '<' ? '>' : ']';
}
