using System.Globalization;

namespace Ballast;

/// <summary>Sizes in bytes as people write them, in powers of 1024.</summary>
public static class ByteSize
{
    private static readonly string[] s_units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>The size with three digits: 812 bytes, 1.25 MiB, 17.3 GiB.</summary>
    public static string Text(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; Math.Abs(value) >= 1000 && unit < s_units.Length - 1; unit++)
        {
            value /= 1024;
        }

        string format = unit == 0 ? "0" : Math.Abs(value) switch { < 10 => "0.00", < 100 => "0.0", _ => "0" };
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    /// <summary>Reads bytes, or a number with KiB, MiB, GiB or TiB behind it.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        string number = text.Trim();
        long factor = 1;
        for (int unit = 1; unit < s_units.Length; unit++)
        {
            if (number.EndsWith(s_units[unit], StringComparison.OrdinalIgnoreCase))
            {
                (number, factor) = (number[..^3].TrimEnd(), 1L << (10 * unit));
                break;
            }
        }

        bool fits = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value * factor < 9e18;
        bytes = fits ? (long)(value * factor) : 0;
        return fits;
    }
}
