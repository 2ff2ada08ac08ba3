using Ballast.Tokenizers.Patterns;

namespace Ballast.Tokenizers.PreTokenizers;

/// <summary>What becomes of the delimiters a text is split at.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Splits a stretch of text at delimiters.</summary>
internal static class Splitting
{
    /// <summary>Appends the pieces; invert takes the text between the matches as delimiters instead. No piece is empty.</summary>
    public static void Split(AlignedText text, Pattern pattern, SplitBehavior behavior, bool invert, List<AlignedText> pieces)
    {
        List<(int Start, int End, bool Delimiter)> parts = [];
        int done = 0;
        foreach ((int start, int end) in pattern.Matches(text.CodePoints))
        {
            if (start > done)
            {
                parts.Add((done, start, invert));
            }

            parts.Add((start, end, !invert));
            done = end;
        }

        if (done < text.Length)
        {
            parts.Add((done, text.Length, invert));
        }

        Join(text, parts, behavior, pieces);
    }

    /// <summary>Splits where a property of the code points says so; each code point with it is a delimiter of its own.</summary>
    public static void Split(AlignedText text, Func<int, bool> isDelimiter, SplitBehavior behavior, List<AlignedText> pieces)
    {
        List<(int Start, int End, bool Delimiter)> parts = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (isDelimiter(text[i]))
            {
                if (i > start)
                {
                    parts.Add((start, i, false));
                }

                parts.Add((i, i + 1, true));
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            parts.Add((start, text.Length, false));
        }

        Join(text, parts, behavior, pieces);
    }

    private static void Join(AlignedText text, List<(int Start, int End, bool Delimiter)> parts, SplitBehavior behavior, List<AlignedText> pieces)
    {
        int from = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            bool now = parts[i].Delimiter;
            bool? next = i + 1 < parts.Count ? parts[i + 1].Delimiter : null;
            bool joinsNext = behavior switch
            {
                SplitBehavior.MergedWithPrevious => next == true && !now,
                SplitBehavior.MergedWithNext => next == false && now,
                SplitBehavior.Contiguous => next == now,
                _ => false,
            };
            if (!joinsNext)
            {
                if (behavior != SplitBehavior.Removed || !now)
                {
                    pieces.Add(text.Slice(from, parts[i].End));
                }

                from = parts[i].End;
            }
        }
    }
}
