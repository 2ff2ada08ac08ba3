using System.Globalization;
using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>How one value is written by % formatting or str.format: fill, alignment, sign, width, places and type.</summary>
internal sealed record FormatSpec(string Fill, char Align, char Sign, bool Alternate, bool Grouped, int Width, int? Places, char Type)
{
    /// <summary>Pads to the width; '=' puts the fill between sign and digits.</summary>
    public string Pad(string sign, string body, Budget budget)
    {
        int missing = Width - CodePoints.Count(sign) - CodePoints.Count(body);
        return Align switch
        {
            '<' => sign + body + StringMethods.Fill(missing, Fill, budget),
            '^' => StringMethods.Fill(missing / 2, Fill, budget) + sign + body + StringMethods.Fill(missing - (missing / 2), Fill, budget),
            '=' => sign + StringMethods.Fill(missing, Fill, budget) + body,
            _ => StringMethods.Fill(missing, Fill, budget) + sign + body,
        };
    }

    public string Text(string text, Budget budget)
    {
        if (Places is { } places && places < text.Length)
        {
            List<int> starts = CodePoints.Starts(text);
            text = text[..starts[Math.Min(places, starts.Count - 1)]];
        }

        return Pad("", text, budget);
    }

    public string Integer(BigInteger value, Budget budget)
    {
        var magnitude = BigInteger.Abs(value);
        string digits = Type switch
        {
            'x' => Digits(magnitude, 16),
            'X' => Digits(magnitude, 16).ToUpperInvariant(),
            'o' => Digits(magnitude, 8),
            'b' => Digits(magnitude, 2),
            _ => magnitude.ToString(Grouped ? "N0" : "D", CultureInfo.InvariantCulture),
        };
        string prefix = Alternate && "xXob".Contains(Type, StringComparison.Ordinal) ? $"0{Type}" : "";
        return Pad(SignOf(value.Sign < 0) + prefix, digits, budget);
    }

    public string Float(double value, Budget budget)
    {
        int places = Places ?? 6;
        string body = !double.IsFinite(value) ? (double.IsNaN(value) ? "nan" : "inf") : char.ToLowerInvariant(Type) switch
        {
            'e' => Rounding.Scientific(value, places),
            'g' => General(value, Math.Max(places, 1)),
            '%' => Rounding.Fixed(value * 100, places) + "%",
            _ => Rounding.Fixed(value, places),
        };
        if (Grouped && body.IndexOf('.') is var point)
        {
            string whole = point < 0 ? body : body[..point];
            body = BigInteger.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger number)
                ? number.ToString("N0", CultureInfo.InvariantCulture) + (point < 0 ? "" : body[point..])
                : body;
        }

        return Pad(SignOf(double.IsNegative(value)), char.IsUpper(Type) ? body.ToUpperInvariant() : body, budget);
    }

    private string SignOf(bool negative) => negative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";

    private string General(double value, int digits)
    {
        string scientific = Rounding.Scientific(value, digits - 1);
        int at = scientific.IndexOf('e');
        int exponent = int.Parse(scientific.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        bool plain = exponent >= -4 && exponent < digits;
        string body = plain ? Rounding.Fixed(value, digits - 1 - exponent) : scientific[..at];
        body = !Alternate && body.Contains('.') ? body.TrimEnd('0').TrimEnd('.') : body;
        return plain ? body : body + scientific[at..];
    }

    private static string Digits(BigInteger value, int radix)
    {
        if (value.IsZero)
        {
            return "0";
        }

        var digits = new Stack<char>();
        for (; !value.IsZero; value /= radix)
        {
            digits.Push("0123456789abcdef"[(int)(value % radix)]);
        }

        return new string([.. digits]);
    }
}
