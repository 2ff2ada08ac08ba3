using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.Normalizers;
using Ballast.Tokenizers.Patterns;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Files;

/// <summary>
/// Reads a SentencePiece model of type BPE, as Llama 2 has it. Special tokens that are parsed split the text, and each stretch gets its own leading
/// blank, as in the tokenizer.json published beside such models; SentencePiece itself never parses them.
/// </summary>
internal static class SentencePieceFile
{
    private const string Unknown = "<unk>";

    private enum PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 }

    private readonly record struct Piece(string Text, float Score, PieceType Type);

    /// <summary>The fields that matter of the trainer's and the normalizer's settings, with the defaults of the format.</summary>
    private sealed class Settings
    {
        public int ModelType { get; set; } = 1;

        public bool ByteFallback { get; set; }

        public int BosId { get; set; } = 1;

        public int EosId { get; set; } = 2;

        public int PadId { get; set; } = -1;

        public string NormalizerName { get; set; } = "";

        public bool HasCharacterMap { get; set; }

        public bool AddDummyPrefix { get; set; } = true;

        public bool RemoveExtraWhitespaces { get; set; } = true;

        public bool EscapeWhitespaces { get; set; } = true;
    }

    public static TokenizerParts Read(string file, ReadOnlySpan<byte> bytes)
    {
        List<Piece> pieces = [];
        Settings settings = new();
        ProtobufReader reader = new(bytes, file);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    pieces.Add(ReadPiece(reader.Content, file));
                    break;
                case 2:
                    ReadTrainer(reader.Content, file, settings);
                    break;
                case 3:
                    ReadNormalizer(reader.Content, file, settings);
                    break;
            }
        }

        RefuseUnsupported(file, pieces, settings);
        return Build(file, pieces, settings);
    }

    private static Piece ReadPiece(ReadOnlySpan<byte> message, string file)
    {
        Piece piece = new("", 0, PieceType.Normal);
        ProtobufReader reader = new(message, file);
        while (reader.Next())
        {
            piece = reader.Field switch
            {
                1 => piece with { Text = System.Text.Encoding.UTF8.GetString(reader.Content) },
                2 => piece with { Score = reader.Single },
                3 => piece with { Type = (PieceType)(int)Math.Min(reader.Number, 99) },
                _ => piece,
            };
        }

        return piece;
    }

    private static void ReadTrainer(ReadOnlySpan<byte> message, string file, Settings settings)
    {
        ProtobufReader reader = new(message, file);
        while (reader.Next())
        {
            int number = unchecked((int)reader.Number);
            switch (reader.Field)
            {
                case 3: settings.ModelType = number; break;
                case 35: settings.ByteFallback = reader.Flag; break;
                case 41: settings.BosId = number; break;
                case 42: settings.EosId = number; break;
                case 43: settings.PadId = number; break;
            }
        }
    }

    private static void ReadNormalizer(ReadOnlySpan<byte> message, string file, Settings settings)
    {
        ProtobufReader reader = new(message, file);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: settings.NormalizerName = System.Text.Encoding.UTF8.GetString(reader.Content); break;
                case 2: settings.HasCharacterMap = reader.Content.Length > 0; break;
                case 3: settings.AddDummyPrefix = reader.Flag; break;
                case 4: settings.RemoveExtraWhitespaces = reader.Flag; break;
                case 5: settings.EscapeWhitespaces = reader.Flag; break;
            }
        }
    }

    private static void RefuseUnsupported(string file, List<Piece> pieces, Settings settings)
    {
        string? fault = settings switch
        {
            { ModelType: not 2 } => $"a SentencePiece model of type {settings.ModelType switch { 1 => "Unigram", 3 => "Word", 4 => "Char", int n => $"{n}" }}",
            { HasCharacterMap: true } => $"the normalizer \"{settings.NormalizerName}\" (a character map)",
            { RemoveExtraWhitespaces: true } => "removing extra white space",
            { EscapeWhitespaces: false } => "blanks that are not escaped",
            _ => pieces.Find(p => p.Type is PieceType.UserDefined or PieceType.Unused or > PieceType.Byte or < PieceType.Normal) is { Text: string text }
                ? $"the piece \"{text}\" of a kind other than normal, unknown, control and byte"
                : null,
        };
        if (fault is not null)
        {
            throw new TokenizerException($"{file}: {fault} is not supported; expected a BPE model with Llama 2's settings, or a tokenizer.json beside it");
        }
    }

    private static TokenizerParts Build(string file, List<Piece> pieces, Settings settings)
    {
        Vocabulary vocabulary = new();
        for (int id = 0; id < pieces.Count; id++)
        {
            vocabulary.Add(file, pieces[id].Text, id);
        }

        foreach (Piece piece in pieces.Where(p => p.Type == PieceType.Normal && p.Text.EnumerateRunes().Any(r => vocabulary.Id(r.ToString()) is null)))
        {
            throw new TokenizerException($"{file}: the piece \"{piece.Text}\" has a character that is no piece itself, which is not supported");
        }

        Dictionary<float, int> ranks = pieces.Select(p => p.Score).Distinct().OrderDescending().Select((score, rank) => (score, rank))
            .ToDictionary(s => s.score, s => s.rank);
        MergeTable merges = MergeTable.FromRanks(file, vocabulary, pieces.Where(p => p.Type == PieceType.Normal).Select(p => (p.Text, ranks[p.Score])));
        int unknown = pieces.FindIndex(p => p.Type == PieceType.Unknown);
        BpeOptions options = new(unknown >= 0 ? unknown : null, unknown >= 0 ? null : Unknown, FuseUnknown: true, ByteFallback: settings.ByteFallback);

        Pattern blank = Pattern.Literal(" ");
        Normalizer blanks = new Normalizer.Replace(blank, MetaspacePreTokenizer.Blank);
        Decoder visible = new Decoder.Replace(Pattern.Literal(MetaspacePreTokenizer.Blank), " ");
        return new TokenizerParts(
            new BpeModel(vocabulary, merges, options),
            [.. pieces.Select((p, id) => (p, id)).Where(p => p.p.Type is PieceType.Control or PieceType.Unknown).Select(p => new AddedToken(p.id, p.p.Text))])
        {
            Normalizer = settings.AddDummyPrefix ? new Normalizer.Sequence([new Normalizer.Prepend(MetaspacePreTokenizer.Blank), blanks]) : blanks,
            Decoder = new Decoder.Sequence(
                [visible, new ByteFallbackDecoder(keepValid: true), new Decoder.Fuse(), new Decoder.Strip(" ", settings.AddDummyPrefix ? 1 : 0, 0)]),
            DefaultSpecialTokens = SpecialTokens(pieces, settings, unknown),
            AddsBos = true,
        };
    }

    private static Dictionary<string, string> SpecialTokens(List<Piece> pieces, Settings settings, int unknown)
    {
        Dictionary<string, string> tokens = [];
        foreach ((string name, int id) in ((string, int)[])[("bos_token", settings.BosId), ("eos_token", settings.EosId), ("pad_token", settings.PadId),
            ("unk_token", unknown)])
        {
            if (id >= 0 && id < pieces.Count)
            {
                tokens[name] = pieces[id].Text;
            }
        }

        return tokens;
    }
}
