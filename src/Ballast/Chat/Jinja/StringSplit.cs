namespace Ballast.Chat.Jinja;

/// <summary>Python's split, rsplit and splitlines.</summary>
internal static class StringSplit
{
    public static List<object?> Split(string text, Arguments arguments, Budget budget, bool fromRight)
    {
        BoundArguments args = arguments.Bind("split", 0, "sep", "maxsplit");
        int most = args.Number(1, -1);
        most = most < 0 ? int.MaxValue : most;
        List<object?> parts = args.Or(0, null) is null ? Blanks(text, most, fromRight) : Separated(text, args.Text(0), most, fromRight);
        budget.Step(2L * parts.Count);
        return parts;
    }

    public static List<object?> Lines(string text, bool keepEnds, Budget budget)
    {
        var lines = new List<object?>();
        int start = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] is not ((>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029'))
            {
                continue;
            }

            int end = at;
            at += text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 1 : 0;
            lines.Add(text[start..(keepEnds ? at + 1 : end)]);
            start = at + 1;
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        budget.Step(2L * lines.Count);
        return lines;
    }

    private static List<object?> Separated(string text, string separator, int most, bool fromRight)
    {
        if (separator.Length == 0)
        {
            throw new JinjaException("empty separator");
        }

        var parts = new List<object?>();
        int start = 0;
        int end = text.Length;
        while (parts.Count < most)
        {
            ReadOnlySpan<char> rest = text.AsSpan(start, end - start);
            int at = fromRight ? rest.LastIndexOf(separator, StringComparison.Ordinal) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(fromRight ? text[(at + separator.Length)..end] : text[start..(start + at)]);
            (start, end) = fromRight ? (start, at) : (start + at + separator.Length, end);
        }

        parts.Add(text[start..end]);
        return InOrder(parts, fromRight);
    }

    private static List<object?> Blanks(string text, int most, bool fromRight)
    {
        var parts = new List<object?>();
        int start = text.Length - CodePoints.Strip(text, null, left: true, right: false).Length;
        int end = Math.Max(start, CodePoints.Strip(text, null, left: false, right: true).Length);
        while (start < end && parts.Count < most)
        {
            int at = fromRight ? end - 1 : start;
            while (at >= start && at < end && !CodePoints.IsSpace(text[at]))
            {
                at += fromRight ? -1 : 1;
            }

            parts.Add(fromRight ? text[(at + 1)..end] : text[start..at]);
            while (at >= start && at < end && CodePoints.IsSpace(text[at]))
            {
                at += fromRight ? -1 : 1;
            }

            (start, end) = fromRight ? (start, at + 1) : (at, end);
        }

        if (start < end)
        {
            // What is left when the splits are used up keeps its outer blanks, as in Python.
            parts.Add(fromRight ? text[..end] : text[start..]);
        }

        return InOrder(parts, fromRight);
    }

    private static List<object?> InOrder(List<object?> parts, bool reversed)
    {
        if (reversed)
        {
            parts.Reverse();
        }

        return parts;
    }
}
