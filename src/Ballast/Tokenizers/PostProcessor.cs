namespace Ballast.Tokenizers;

/// <summary>Puts special tokens around one text or a pair of texts, and may take blanks out of the offsets of byte-level tokens.</summary>
internal sealed class PostProcessor
{
    private static readonly IReadOnlyList<Piece> s_single = [new(false, [], 0)];
    private static readonly IReadOnlyList<Piece> s_pair = [new(false, [], 0), new(true, [], 1)];
    private IReadOnlyList<Piece>? _single;
    private IReadOnlyList<Piece>? _pair;
    private readonly List<bool> _trims = [];

    /// <summary>A place for a text (First or second) where there are no ids, else special tokens.</summary>
    private sealed record Piece(bool Second, int[] Ids, int TypeId);

    /// <summary>The number of special tokens around a single text.</summary>
    public int AddedTokens => (_single ?? s_single).Sum(p => p.Ids.Length);

    /// <summary>Special tokens before and after a text.</summary>
    public static PostProcessor Around(int? before, int? after)
    {
        Piece[] start = before is int bos ? [new(false, [bos], 0)] : [];
        Piece[] end = after is int eos ? [new(false, [eos], 0)] : [];
        return new PostProcessor
        {
            _single = [.. start, .. s_single, .. end],
            _pair = [.. start, s_pair[0], .. end, .. start.Select(p => p with { TypeId = 1 }), s_pair[1], .. end.Select(p => p with { TypeId = 1 })],
        };
    }

    /// <summary>Reads a "post_processor" section.</summary>
    public static PostProcessor Read(JsonPart part)
    {
        PostProcessor processor = new();
        processor.Add(part);
        return processor;
    }

    public Encoding Apply(Encoding text, Encoding? second, bool addSpecialTokens, Func<int, string> tokenText)
    {
        IReadOnlyList<Piece> pieces = second is null ? _single ?? s_single : _pair ?? s_pair;
        Encoding result = Arrange(text, second, pieces, addSpecialTokens, tokenText);
        return result with { Overflow = [.. text.Overflow.Select(o => Arrange(o, second, pieces, addSpecialTokens, tokenText))] };
    }

    private void Add(JsonPart part)
    {
        switch (part.IsNull ? "" : part.TypeName)
        {
            case "":
                break;
            case "Sequence":
                part["processors"].Items().ForEach(Add);
                break;
            case "ByteLevel":
                if (part.Flag("trim_offsets", true))
                {
                    _trims.Add(part.Flag("add_prefix_space", true));
                }

                break;
            case "TemplateProcessing" when _single is null:
                Dictionary<string, int[]> special = part["special_tokens"].Members()
                    .ToDictionary(m => m.Name, m => (int[])[.. m.Value["ids"].Items().Select(i => i.Number())]);
                _single = [.. part["single"].Items().Select(p => ReadPiece(p, special))];
                _pair = [.. part["pair"].Items().Select(p => ReadPiece(p, special))];
                break;
            case string other:
                throw part.Unsupported(other == "TemplateProcessing" ? "more than one TemplateProcessing" : $"the post-processor \"{other}\"");
        }
    }

    private static Piece ReadPiece(JsonPart part, Dictionary<string, int[]> special)
    {
        if (part["SpecialToken"] is { IsNull: false } token)
        {
            return special.TryGetValue(token.Text("id"), out int[]? ids)
                ? new(false, ids, token.Number("type_id", 0))
                : throw token.Fault($"\"{token.Text("id")}\" is not among the special_tokens of the post-processor");
        }

        JsonPart sequence = part["Sequence"];
        return new(sequence.Text("id") == "B", [], sequence.Number("type_id", 0));
    }

    private Encoding Arrange(Encoding text, Encoding? second, IReadOnlyList<Piece> pieces, bool addSpecialTokens, Func<int, string> tokenText)
    {
        Encoding result = Encoding.Empty;
        foreach (Piece piece in pieces)
        {
            if (piece.Ids.Length == 0)
            {
                Encoding part = Trim(piece.Second ? second ?? Encoding.Empty : text, tokenText);
                result = result.Append(part with { TypeIds = Encoding.Filled(part.Ids.Length, piece.TypeId) });
            }
            else if (addSpecialTokens)
            {
                int count = piece.Ids.Length;
                bool[] added = new bool[count];
                Array.Fill(added, true);
                result = result.Append(new(piece.Ids, new (int, int)[count]) { TypeIds = Encoding.Filled(count, piece.TypeId), Added = added });
            }
        }

        return result;
    }

    private Encoding Trim(Encoding text, Func<int, string> tokenText)
    {
        foreach (bool addPrefixSpace in _trims)
        {
            text = text with { Offsets = [.. text.Ids.Select((id, i) => TrimOne(tokenText(id), text.Offsets[i], i == 0, addPrefixSpace))] };
        }

        return text;
    }

    private static (int Start, int End) TrimOne(string token, (int Start, int End) offset, bool first, bool addPrefixSpace)
    {
        int leading = token.TakeWhile(IsBlank).Count();
        int trailing = token.Reverse().TakeWhile(IsBlank).Count();
        if ((first || offset.Start == 0) && addPrefixSpace && leading == 1)
        {
            leading = 0;
        }

        int start = Math.Min(offset.Start + leading, offset.End);
        int end = trailing > 0 && offset.End >= trailing ? Math.Max(offset.End - trailing, start) : offset.End;
        return (start, end);

        static bool IsBlank(char c) => c == ByteAlphabet.Letter((byte)' ') || char.IsWhiteSpace(c);
    }
}
