using System.Globalization;
using System.Text;

namespace Ballast.Checkpoints;

/// <summary>Names from strangers' files made fit for a one-line message.</summary>
internal static class PrintableName
{
    private const int MaxLength = 120;

    /// <summary>The name in quotes, control characters escaped, cut after 120 characters.</summary>
    public static string Quote(string name)
    {
        StringBuilder text = new("'");
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MaxLength)))
        {
            bool plain = !char.IsControl(c) && !char.IsSurrogate(c) && CharUnicodeInfo.GetUnicodeCategory(c) is not
                (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            text.Append(plain ? c : $"\\u{(int)c:x4}");
        }

        return text.Append(name.Length > MaxLength ? "...'" : "'").ToString();
    }

    /// <summary>Up to three names in quotes, and how many more there are.</summary>
    public static string QuoteSome(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(3).Select(Quote)) + (names.Count > 3 ? $" and {names.Count - 3} more" : "");
}
