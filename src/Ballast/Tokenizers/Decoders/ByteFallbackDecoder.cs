using System.Globalization;
using System.Text;

namespace Ballast.Tokenizers.Decoders;

/// <summary>
/// Turns runs of byte tokens (&lt;0xE4&gt;) into text. A run that is not valid UTF-8 becomes one U+FFFD per byte; with keepValid, as in SentencePiece,
/// only its invalid bytes do.
/// </summary>
internal sealed class ByteFallbackDecoder(bool keepValid) : Decoder
{
    private static readonly UTF8Encoding s_strict = new(false, true);

    public static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    public override List<string> Apply(List<string> tokens)
    {
        List<string> texts = [];
        List<byte> run = [];
        foreach (string token in tokens)
        {
            if (TryByte(token, out byte value))
            {
                run.Add(value);
                continue;
            }

            Flush(run, texts);
            texts.Add(token);
        }

        Flush(run, texts);
        return texts;
    }

    private void Flush(List<byte> run, List<string> texts)
    {
        if (run.Count > 0)
        {
            texts.Add(keepValid ? ReadKeepingValid([.. run]) : ReadWhole([.. run]));
            run.Clear();
        }
    }

    private static string ReadWhole(byte[] bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return new string((char)CodePointText.Replacement, bytes.Length);
        }
    }

    private static string ReadKeepingValid(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            text.Append(valid ? rune.ToString() : "\uFFFD");
            bytes = bytes[(valid ? length : 1)..];
        }

        return text.ToString();
    }
}
