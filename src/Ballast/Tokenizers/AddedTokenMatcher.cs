namespace Ballast.Tokenizers;

/// <summary>Finds added tokens in a stretch of text: leftmost first, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Node _root = new();

    private sealed class Node
    {
        public Dictionary<int, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }

    public AddedTokenMatcher(IEnumerable<(int[] Content, AddedToken Token)> tokens)
    {
        foreach ((int[] content, AddedToken token) in tokens)
        {
            Node node = _root;
            foreach (int codePoint in content)
            {
                node = node.Children.TryGetValue(codePoint, out Node? child) ? child : node.Children[codePoint] = new();
            }

            node.Token = content.Length > 0 ? node.Token ?? token : null;
        }
    }

    /// <summary>Splits a text into stretches without a token and tokens.</summary>
    public IEnumerable<(AlignedText Text, AddedToken? Token)> Split(AlignedText text, bool parseSpecial)
    {
        int done = 0;
        for (int at = 0; at < text.Length;)
        {
            if (Longest(text, at) is not (AddedToken token, int end))
            {
                at++;
                continue;
            }

            (int from, int to) = (at, end);
            at = end;
            if ((token.Special && !parseSpecial) || (token.SingleWord && !StandsAlone(text, from, to)))
            {
                continue;
            }

            while (token.StripLeft && from > done && CodePointText.IsWhiteSpace(text[from - 1]))
            {
                from--;
            }

            while (token.StripRight && to < text.Length && CodePointText.IsWhiteSpace(text[to]))
            {
                to++;
            }

            if (from > done)
            {
                yield return (text.Slice(done, from), null);
            }

            yield return (text.Slice(from, to), token);
            done = to;
        }

        if (done < text.Length)
        {
            yield return (text.Slice(done, text.Length), null);
        }
    }

    private static bool StandsAlone(AlignedText text, int from, int to) =>
        (from == 0 || !CodePointText.IsWord(text[from - 1])) && (to == text.Length || !CodePointText.IsWord(text[to]));

    private (AddedToken Token, int End)? Longest(AlignedText text, int from)
    {
        (AddedToken, int)? longest = null;
        Node? node = _root;
        for (int i = from; i < text.Length && node.Children.TryGetValue(text[i], out node); i++)
        {
            longest = node.Token is AddedToken token ? (token, i + 1) : longest;
        }

        return longest;
    }
}
