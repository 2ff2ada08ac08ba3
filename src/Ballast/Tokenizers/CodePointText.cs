using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ballast.Tokenizers;

/// <summary>Strings as code points, and the properties of code points that tokenizers ask for.</summary>
internal static class CodePointText
{
    public const int Replacement = 0xFFFD;

    public static int[] FromText(string text)
    {
        int[] result = new int[text.Length];
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            result[count++] = rune.Value;
        }

        return result[..count];
    }

    public static string ToText(ReadOnlySpan<int> codePoints)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(2 * codePoints.Length);
        string text = new(buffer, 0, Write(codePoints, buffer));
        ArrayPool<char>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Writes UTF-16; the target must have room for two units per code point. Returns the number of units.</summary>
    public static int Write(ReadOnlySpan<int> codePoints, Span<char> target)
    {
        int written = 0;
        foreach (int codePoint in codePoints)
        {
            if (codePoint < 0x10000)
            {
                target[written++] = (char)codePoint;
            }
            else
            {
                written += new Rune(codePoint).EncodeToUtf16(target[written..]);
            }
        }

        return written;
    }

    /// <summary>Unicode's White_Space property.</summary>
    public static bool IsWhiteSpace(int codePoint) => Rune.IsValid(codePoint) && Rune.IsWhiteSpace(new Rune(codePoint));

    /// <summary>Letters, marks, decimal digits, letter numbers, connectors, joiners and enclosed letters: \w of Unicode regexes.</summary>
    public static bool IsWord(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => codePoint is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169)
            or (>= 0x1F170 and <= 0x1F189),
        _ => codePoint is 0x200C or 0x200D,
    };
}
