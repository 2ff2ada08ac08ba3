using System.Buffers.Text;
using System.Globalization;
using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.Patterns;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Files;

/// <summary>
/// Reads tiktoken ranks (a line per token: base64 and rank) as Llama 3's tokenizer.model. The file holds neither the pattern that splits text nor the
/// special tokens; both are Llama 3's, the special tokens directly after the ranks.
/// </summary>
internal static class TiktokenFile
{
    private const int SpecialTokens = 256;
    private const string SplitPattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] s_named = ["begin_of_text", "end_of_text", "reserved_special_token_0", "reserved_special_token_1",
        "finetune_right_pad_id", "step_id", "start_header_id", "end_header_id", "eom_id", "eot_id", "python_tag"];

    /// <summary>Whether a file begins like one of ranks.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes)
    {
        int end = bytes[..Math.Min(bytes.Length, 1000)].IndexOf((byte)'\n');
        return end > 0 && TryLine(bytes[..end], out _, out _);
    }

    public static TokenizerParts Read(string file, ReadOnlySpan<byte> bytes)
    {
        Vocabulary vocabulary = new();
        int number = 0;
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = bytes[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
            {
                continue;
            }

            if (!TryLine(line, out string token, out int rank))
            {
                throw new TokenizerException($"{file}:{number}: expected a token in base64, a blank and its rank");
            }

            vocabulary.Add(file, token, rank);
        }

        for (int b = 0; b < 256; b++)
        {
            if (vocabulary.Id(ByteAlphabet.Write([(byte)b])) is null)
            {
                throw new TokenizerException($"{file}: the byte 0x{b:X2} has no rank; expected all 256, so that every text can be encoded");
            }
        }

        BpeModel model = new(vocabulary, MergeTable.FromRanks(file, vocabulary, vocabulary.Tokens.Select(t => (t.Key, t.Value))), new(WholeWordsFirst: true));
        return new TokenizerParts(model, [.. Enumerable.Range(0, SpecialTokens).Select(i => new AddedToken(vocabulary.LargestId + 1 + i, SpecialName(i)))])
        {
            PreTokenizer = new PreTokenizer.Sequence(
                [new PreTokenizer.PatternSplit(new Pattern(SplitPattern), SplitBehavior.Isolated, false), new ByteLevelPreTokenizer(false, false)]),
            Decoder = new Decoder.ByteLevel(),
            DefaultSpecialTokens = new Dictionary<string, string> { ["bos_token"] = SpecialName(0), ["eos_token"] = SpecialName(1) },
            AddsBos = true,
        };
    }

    private static string SpecialName(int index) =>
        $"<|{(index < s_named.Length ? s_named[index] : $"reserved_special_token_{index - s_named.Length + 2}")}|>";

    private static bool TryLine(ReadOnlySpan<byte> line, out string token, out int rank)
    {
        token = "";
        rank = 0;
        int blank = line.IndexOf((byte)' ');
        if (blank <= 0 || !int.TryParse(line[(blank + 1)..].TrimEnd((byte)'\r'), NumberStyles.None, CultureInfo.InvariantCulture, out rank))
        {
            return false;
        }

        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(blank)];
        if (Base64.DecodeFromUtf8(line[..blank], bytes, out _, out int written) != System.Buffers.OperationStatus.Done || written == 0)
        {
            return false;
        }

        token = ByteAlphabet.Write(bytes.AsSpan(0, written));
        return true;
    }
}
