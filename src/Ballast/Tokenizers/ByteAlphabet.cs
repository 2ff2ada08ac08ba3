using System.Text;

namespace Ballast.Tokenizers;

/// <summary>GPT-2's printable letter for each byte: a byte-level vocabulary is written with these letters.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_letters = Letters();
    private static readonly Dictionary<int, byte> s_bytes = Enumerable.Range(0, 256).ToDictionary(b => (int)s_letters[b], b => (byte)b);

    public static char Letter(byte value) => s_letters[value];

    public static bool TryByte(int letter, out byte value) => s_bytes.TryGetValue(letter, out value);

    public static string Write(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        foreach (byte value in bytes)
        {
            text.Append(s_letters[value]);
        }

        return text.ToString();
    }

    /// <summary>The bytes a token stands for: its UTF-8 if any letter is not of the alphabet.</summary>
    public static byte[] Read(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!s_bytes.TryGetValue(token[i], out bytes[i]))
            {
                return System.Text.Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private static char[] Letters()
    {
        char[] letters = new char[256];
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
        }

        return letters;
    }
}
