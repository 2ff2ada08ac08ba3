using System.Globalization;

namespace Ballast.Tokenizers.Normalizers;

/// <summary>
/// Unicode normalization forms with the number of code points each step adds or removes. The runtime's own normalization is not used: it does nothing
/// when the process runs without ICU, and it keeps no alignment.
/// </summary>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int VowelCount = 21, TrailCount = 28, HangulCount = 19 * VowelCount * TrailCount;
    private static readonly Lazy<Tables> s_tables = new(ReadTables);

    private sealed record Tables(
        Dictionary<int, int[]> Canonical, Dictionary<int, int[]> Compatibility, Dictionary<(int, int), int> Composition, Dictionary<int, byte> Class);

    public static AlignedText Normalize(AlignedText text, bool compatibility, bool compose)
    {
        int plainBelow = compatibility ? 0xA0 : 0xC0;
        if (text.CodePoints.IndexOfAnyExceptInRange(0, plainBelow - 1) < 0)
        {
            return text;
        }

        List<(int CodePoint, int Change)> steps = Decompose(text.CodePoints, compatibility);
        return text.Transform(compose ? Compose(steps) : steps);
    }

    /// <summary>Mn, Mc and Me: what StripAccents removes.</summary>
    public static bool IsMark(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static byte ClassOf(int codePoint) => s_tables.Value.Class.GetValueOrDefault(codePoint);

    private static List<(int CodePoint, int Change)> Decompose(ReadOnlySpan<int> text, bool compatibility)
    {
        List<(int CodePoint, int Change)> result = new(text.Length + 16);
        List<int> parts = [];
        foreach (int codePoint in text)
        {
            parts.Clear();
            AddDecomposition(codePoint, compatibility, parts);
            for (int i = 0; i < parts.Count; i++)
            {
                result.Add((parts[i], i == 0 ? 0 : 1));
            }
        }

        SortMarks(result);
        return result;
    }

    private static void AddDecomposition(int codePoint, bool compatibility, List<int> target)
    {
        int hangul = codePoint - HangulBase;
        if (hangul is >= 0 and < HangulCount)
        {
            target.Add(LeadBase + (hangul / (VowelCount * TrailCount)));
            target.Add(VowelBase + (hangul / TrailCount % VowelCount));
            if (hangul % TrailCount != 0)
            {
                target.Add(TrailBase + (hangul % TrailCount));
            }
        }
        else if (s_tables.Value.Canonical.TryGetValue(codePoint, out int[]? parts)
            || (compatibility && s_tables.Value.Compatibility.TryGetValue(codePoint, out parts)))
        {
            foreach (int part in parts)
            {
                AddDecomposition(part, compatibility, target);
            }
        }
        else
        {
            target.Add(codePoint);
        }
    }

    /// <summary>Puts runs of marks into canonical order, stably.</summary>
    private static void SortMarks(List<(int CodePoint, int Change)> text)
    {
        for (int i = 0; i < text.Count; i++)
        {
            int first = i;
            while (i < text.Count && ClassOf(text[i].CodePoint) != 0)
            {
                i++;
            }

            if (i - first > 1)
            {
                List<(int, int)> sorted = [.. text.GetRange(first, i - first).OrderBy(m => ClassOf(m.CodePoint))];
                for (int k = 0; k < sorted.Count; k++)
                {
                    text[first + k] = sorted[k];
                }
            }
        }
    }

    private static List<(int CodePoint, int Change)> Compose(List<(int CodePoint, int Change)> text)
    {
        List<(int CodePoint, int Change)> result = new(text.Count);
        int starter = -1;
        int previousClass = 0;
        foreach ((int codePoint, int change) in text)
        {
            int combining = ClassOf(codePoint);
            bool blocked = starter < 0 || (result.Count - 1 > starter && (previousClass == 0 || previousClass >= combining));
            if (!blocked && Pair(result[starter].CodePoint, codePoint) is int composed)
            {
                result[starter] = (composed, result[starter].Change + change - 1);
                continue;
            }

            result.Add((codePoint, change));
            starter = combining == 0 ? result.Count - 1 : starter;
            previousClass = combining;
        }

        return result;
    }

    private static int? Pair(int first, int second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if (lead is >= 0 and < 19 && vowel is >= 0 and < VowelCount)
        {
            return HangulBase + (((lead * VowelCount) + vowel) * TrailCount);
        }

        int hangul = first - HangulBase, trail = second - TrailBase;
        if (hangul is >= 0 and < HangulCount && hangul % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            return first + trail;
        }

        return s_tables.Value.Composition.TryGetValue((first, second), out int composed) ? composed : null;
    }

    private static Tables ReadTables()
    {
        Tables tables = new([], [], [], []);
        using StreamReader reader = new(typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("unicode-normalization.txt")!);
        while (reader.ReadLine() is string line)
        {
            int sign = line.IndexOfAny(['=', '!', '~']);
            if (line.StartsWith("ccc ", StringComparison.Ordinal))
            {
                string[] fields = line.Split(' ');
                for (int c = Hex(fields[1]); c <= Hex(fields[2]); c++)
                {
                    tables.Class.Add(c, byte.Parse(fields[3], CultureInfo.InvariantCulture));
                }
            }
            else if (!line.StartsWith('#'))
            {
                int codePoint = Hex(line[..sign]);
                int[] parts = [.. line[(sign + 1)..].Split(' ').Select(Hex)];
                (line[sign] == '~' ? tables.Compatibility : tables.Canonical).Add(codePoint, parts);
                if (line[sign] == '=' && parts.Length == 2)
                {
                    tables.Composition.Add((parts[0], parts[1]), codePoint);
                }
            }
        }

        return tables;

        static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
