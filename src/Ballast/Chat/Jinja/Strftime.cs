using System.Globalization;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>The C library's strftime in the C locale, over a time that is given.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var output = new StringBuilder();
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                output.Append(format[at]);
                continue;
            }

            char c = format[++at];
            char flag = "-_0".Contains(c, StringComparison.Ordinal) && at + 1 < format.Length ? c : '\0';
            c = flag == '\0' ? c : format[++at];
            output.Append(Directive(time, c, flag) ?? (flag == '\0' ? $"%{c}" : $"%{flag}{c}"));
        }

        return output.ToString();
    }

    private static string? Directive(DateTimeOffset time, char c, char flag) => c switch
    {
        'a' => Name(time, "ddd"),
        'A' => Name(time, "dddd"),
        'b' or 'h' => Name(time, "MMM"),
        'B' => Name(time, "MMMM"),
        'c' => $"{Name(time, "ddd MMM")} {Digits(time.Day, 2, ' ', '\0')} {Name(time, "HH:mm:ss yyyy")}",
        'C' => Digits(time.Year / 100, 2, '0', flag),
        'd' => Digits(time.Day, 2, '0', flag),
        'D' or 'x' => Name(time, "MM'/'dd'/'yy"),
        'e' => Digits(time.Day, 2, ' ', flag),
        'f' => time.ToString("ffffff", CultureInfo.InvariantCulture),
        'F' => Name(time, "yyyy-MM-dd"),
        'G' => Digits(ISOWeek.GetYear(time.DateTime), 4, '0', flag),
        'H' => Digits(time.Hour, 2, '0', flag),
        'I' => Digits(((time.Hour + 11) % 12) + 1, 2, '0', flag),
        'j' => Digits(time.DayOfYear, 3, '0', flag),
        'k' => Digits(time.Hour, 2, ' ', flag),
        'l' => Digits(((time.Hour + 11) % 12) + 1, 2, ' ', flag),
        'm' => Digits(time.Month, 2, '0', flag),
        'M' => Digits(time.Minute, 2, '0', flag),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => Name(time, "hh:mm:ss ") + (time.Hour < 12 ? "AM" : "PM"),
        'R' => Name(time, "HH:mm"),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Digits(time.Second, 2, '0', flag),
        't' => "\t",
        'T' or 'X' => Name(time, "HH:mm:ss"),
        'u' => Digits(((int)time.DayOfWeek + 6) % 7 + 1, 1, '0', flag),
        'U' => Digits((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2, '0', flag),
        'V' => Digits(ISOWeek.GetWeekOfYear(time.DateTime), 2, '0', flag),
        'w' => Digits((int)time.DayOfWeek, 1, '0', flag),
        'W' => Digits((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2, '0', flag),
        'y' => Digits(time.Year % 100, 2, '0', flag),
        'Y' => Digits(time.Year, 1, '0', flag),
        'z' or 'Z' => "", // as for Python's datetime without a time zone, which is what Hugging Face passes
        '%' => "%",
        _ => null,
    };

    private static string Name(DateTimeOffset time, string pattern) => time.ToString(pattern, CultureInfo.InvariantCulture);

    private static string Digits(int value, int width, char fill, char flag) => flag switch
    {
        '-' => value.ToString(CultureInfo.InvariantCulture),
        '_' => value.ToString(CultureInfo.InvariantCulture).PadLeft(width, ' '),
        '0' => value.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'),
        _ => value.ToString(CultureInfo.InvariantCulture).PadLeft(width, fill),
    };
}
