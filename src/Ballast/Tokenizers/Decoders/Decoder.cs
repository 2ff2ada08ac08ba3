using System.Text;
using Ballast.Tokenizers.Patterns;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Decoders;

/// <summary>Turns tokens back into pieces of text, which are then joined.</summary>
internal abstract class Decoder
{
    public abstract List<string> Apply(List<string> tokens);

    /// <summary>One token of the vocabulary as a person reads it.</summary>
    public virtual string Show(string token) => token;

    /// <summary>Reads a "decoder" section; null means that tokens are joined with blanks.</summary>
    public static Decoder? Read(JsonPart part) => part.IsNull ? null : part.TypeName switch
    {
        "Sequence" => new Sequence([.. part["decoders"].Items().Select(Read).OfType<Decoder>()]),
        "ByteLevel" => new ByteLevel(),
        "ByteFallback" => new ByteFallbackDecoder(keepValid: false),
        "Fuse" => new Fuse(),
        "Replace" => new Replace(PatternPart.Read(part["pattern"]), part.Text("content")),
        "Strip" => Strip.Read(part),
        "Metaspace" => new Metaspace(MetaspacePreTokenizer.ReadReplacement(part), MetaspacePreTokenizer.ReadScheme(part) != "never"),
        string other => throw part.Unsupported($"the decoder \"{other}\""),
    };

    internal sealed class Sequence(IReadOnlyList<Decoder> steps) : Decoder
    {
        public override List<string> Apply(List<string> tokens) => steps.Aggregate(tokens, (current, step) => step.Apply(current));

        public override string Show(string token) => steps.Aggregate(token, (current, step) => step.Show(current));
    }

    /// <summary>Letters of the byte alphabet to bytes, all bytes to text; each maximal invalid part becomes one U+FFFD.</summary>
    internal sealed class ByteLevel : Decoder
    {
        public override List<string> Apply(List<string> tokens)
        {
            using MemoryStream bytes = new();
            foreach (string token in tokens)
            {
                bytes.Write(ByteAlphabet.Read(token));
            }

            return [System.Text.Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length))];
        }

        public override string Show(string token)
        {
            byte[] bytes = ByteAlphabet.Read(token);
            return System.Text.Unicode.Utf8.IsValid(bytes)
                ? System.Text.Encoding.UTF8.GetString(bytes)
                : string.Concat(bytes.Select(b => b < 0x80 ? ((char)b).ToString() : $"<0x{b:X2}>"));
        }
    }

    internal sealed class Fuse : Decoder
    {
        public override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
    }

    internal sealed class Replace(Pattern pattern, string content) : Decoder
    {
        public override List<string> Apply(List<string> tokens) => [.. tokens.Select(Show)];

        public override string Show(string token)
        {
            int[] codePoints = CodePointText.FromText(token);
            StringBuilder text = new();
            int done = 0;
            foreach ((int start, int end) in pattern.Matches(codePoints))
            {
                text.Append(CodePointText.ToText(codePoints.AsSpan(done, start - done))).Append(content);
                done = end;
            }

            return done == 0 ? token : text.Append(CodePointText.ToText(codePoints.AsSpan(done))).ToString();
        }
    }

    /// <summary>Takes up to so many leading and trailing repetitions of a character from each token.</summary>
    internal sealed class Strip(string content, int start, int stop) : Decoder
    {
        public static new Strip Read(JsonPart part) => new(
            part.Text("content") is { Length: 1 } content ? content : throw part["content"].Fault("expected one character"),
            part.Number("start", 0),
            part.Number("stop", 0));

        public override List<string> Apply(List<string> tokens) => [.. tokens.Select(StripOne)];

        private string StripOne(string token)
        {
            (int from, int to) = (0, token.Length);
            for (int i = 0; i < start && token.AsSpan(from, to - from).StartsWith(content, StringComparison.Ordinal); i++)
            {
                from += content.Length;
            }

            for (int i = 0; i < stop && token.AsSpan(from, to - from).EndsWith(content, StringComparison.Ordinal); i++)
            {
                to -= content.Length;
            }

            return token[from..to];
        }
    }

    private sealed class Metaspace(int replacement, bool dropsFirst) : Decoder
    {
        private readonly string _replacement = char.ConvertFromUtf32(replacement);

        public override List<string> Apply(List<string> tokens) =>
            [.. tokens.Select((token, i) => token.Replace(_replacement, i == 0 && dropsFirst ? "" : " ", StringComparison.Ordinal))];

        public override string Show(string token) => token.Replace(_replacement, " ", StringComparison.Ordinal);
    }
}
