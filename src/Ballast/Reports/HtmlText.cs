using System.Text;

namespace Ballast.Reports;

/// <summary>Makes text harmless inside a page: replies of a model are hostile.</summary>
internal static class HtmlText
{
    /// <summary>The text with markup characters escaped and characters that no page may hold replaced by U+FFFD.</summary>
    public static string Escape(string text)
    {
        var page = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())   // a lone surrogate comes out as U+FFFD
        {
            _ = rune.Value switch
            {
                '&' => page.Append("&amp;"),
                '<' => page.Append("&lt;"),
                '>' => page.Append("&gt;"),
                '"' => page.Append("&quot;"),
                '\'' => page.Append("&#39;"),
                '\r' => page,
                '\t' or '\n' or (>= 0x20 and < 0x7F) or (>= 0xA0 and not 0xFFFE and not 0xFFFF) when !Reorders(rune.Value) => page.Append(rune.ToString()),
                _ => page.Append('\uFFFD'),
            };
        }

        return page.ToString();
    }

    /// <summary>At most so many characters, with a remark about what was left out.</summary>
    public static string Shorten(string text, int length) =>
        text.Length <= length ? text : $"{text[..length]}\n[{text.Length - length} more characters]";

    // Marks that turn the direction of text could make a verdict read as part of a reply.
    private static bool Reorders(int letter) => letter is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
