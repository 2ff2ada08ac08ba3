using System.Globalization;
using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>Exact decimal rounding of floats, half to even, as Python's round and % formatting do it.</summary>
internal static class Rounding
{
    private const int MaxPlaces = 400;

    /// <summary>The digits of |value| with so many decimal places, rounded on the exact binary value.</summary>
    public static string Fixed(double value, int places)
    {
        CheckPlaces(places);
        BigInteger scaled = Scaled(Math.Abs(value), places);
        string digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return places == 0 ? digits : $"{digits[..^places]}.{digits[^places..]}";
    }

    /// <summary>The digits d.ddde+XX of |value| with so many places after the point.</summary>
    public static string Scientific(double value, int places)
    {
        CheckPlaces(places);
        value = Math.Abs(value);
        int exponent = value == 0 ? 0 : Exponent(value);
        BigInteger scaled = Scaled(value, places - exponent);
        string digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        if (digits.Length > places + 1)
        {
            exponent++;
            digits = digits[..^1];
        }

        string sign = exponent < 0 ? "-" : "+";
        return $"{digits[0]}{(places > 0 ? "." : "")}{digits[1..]}e{sign}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
    }

    /// <summary>The exponent of the leading decimal digit.</summary>
    public static int Exponent(double value)
    {
        string shortest = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        return int.Parse(shortest.AsSpan(shortest.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    public static double Round(double value, int places)
    {
        if (!double.IsFinite(value) || places > 323)
        {
            return value;
        }

        CheckPlaces(-places);
        string digits = Scaled(Math.Abs(value), places).ToString(CultureInfo.InvariantCulture);
        double rounded = double.Parse($"{digits}e{-places}", NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.CopySign(rounded, value);
    }

    // |value| * 10^places as an integer, half to even.
    private static BigInteger Scaled(double value, int places)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int power = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = bits & 0xFFFFFFFFFFFFF;
        mantissa = power == 0 ? mantissa : mantissa + (1L << 52);
        int shift = Math.Max(power, 1) - 1075;
        BigInteger numerator = mantissa * BigInteger.Pow(10, Math.Max(places, 0)) << Math.Max(shift, 0);
        BigInteger denominator = BigInteger.Pow(10, Math.Max(-places, 0)) << Math.Max(-shift, 0);
        var quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static void CheckPlaces(int places)
    {
        if (places > MaxPlaces)
        {
            throw new JinjaException($"a number with {places} decimal places; at most {MaxPlaces} are supported");
        }
    }
}
