using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Ballast.Data.Parquet;

/// <summary>Turns stored values into JSON by what the schema says they mean.</summary>
/// <remarks>
/// Dates, times and timestamps become ISO 8601 text, decimals numbers with all their digits, NaN and infinities null. Byte strings
/// without a meaning become text when they are valid UTF-8 (older writers do not annotate text) and base64 otherwise.
/// </remarks>
internal static class ValueFormat
{
    private const long UnixEpochJulianDay = 2_440_588;
    private const long NanosPerSecond = 1_000_000_000;
    private const long SecondsPerDay = 86_400;
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    /// <summary>The next value of a page as JSON.</summary>
    public static JsonNode? ToJson(SchemaElement column, ValueReader values) =>
        ColumnDictionary.StoresNumbers(column) ? FromNumber(column, values.NextNumber()) : FromBytes(column, values.NextBytes().Span);

    private static JsonNode? FromNumber(SchemaElement column, long value)
    {
        switch (column.Type)
        {
            case PhysicalType.Boolean:
                return JsonValue.Create(value != 0);
            case PhysicalType.Float:
                float single = BitConverter.Int32BitsToSingle((int)value);
                return float.IsFinite(single) ? JsonValue.Create(single) : null;
            case PhysicalType.Double:
                double number = BitConverter.Int64BitsToDouble(value);
                return double.IsFinite(number) ? JsonValue.Create(number) : null;
            default:
                break;
        }

        bool is32Bit = column.Type == PhysicalType.Int32;
        return column.Logical switch
        {
            LogicalType.Unsigned => is32Bit ? JsonValue.Create(unchecked((uint)value)) : JsonValue.Create(unchecked((ulong)value)),
            LogicalType.Decimal => Decimal(value, column.Scale),
            LogicalType.Date => JsonValue.Create(DateTime(value * SecondsPerDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            LogicalType.Time => JsonValue.Create(Time(value, column.Ticks)),
            LogicalType.Timestamp => JsonValue.Create(Timestamp(value, column.Ticks, column.IsUtc)),
            _ => JsonValue.Create(value),
        };
    }

    private static JsonNode? FromBytes(SchemaElement column, ReadOnlySpan<byte> bytes)
    {
        if (column.Type == PhysicalType.Int96)
        {
            // Nanoseconds of the day, then the Julian day: the timestamp of older writers.
            long nanos = BitConverter.ToInt64(bytes);
            long day = BitConverter.ToInt32(bytes[8..]) - UnixEpochJulianDay;
            return JsonValue.Create(Format(day * SecondsPerDay + nanos / NanosPerSecond, nanos % NanosPerSecond, NanosPerSecond, ""));
        }

        switch (column.Logical)
        {
            case LogicalType.Text:
                return Utf8.IsValid(bytes) ? JsonValue.Create(Encoding.UTF8.GetString(bytes)) : throw new InvalidDataException("a text value is not UTF-8");
            case LogicalType.Decimal:
                return Decimal(new BigInteger(bytes, isBigEndian: true), column.Scale);
            case LogicalType.Uuid when bytes.Length == 16:
                return JsonValue.Create(new Guid(bytes, bigEndian: true).ToString());
            case LogicalType.Half when bytes.Length == 2:
                float half = (float)BitConverter.ToHalf(bytes);
                return float.IsFinite(half) ? JsonValue.Create(half) : null;
            case LogicalType.Interval:
                throw new InvalidDataException("intervals are not supported");
            default:
                return JsonValue.Create(Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes));
        }
    }

    /// <summary>A whole number with a decimal point put in.</summary>
    private static JsonNode? Decimal(BigInteger value, int scale)
    {
        if (scale is < 0 or > 1000)
        {
            throw new InvalidDataException($"a decimal has scale {scale}");
        }

        string digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string number = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return JsonNode.Parse(value.Sign < 0 ? "-" + number : number);
    }

    private static string Time(long value, long ticks)
    {
        if (value < 0 || value >= SecondsPerDay * ticks)
        {
            throw new InvalidDataException($"the time {value} is outside the day");
        }

        return Format(value / ticks, value % ticks, ticks, "")["1970-01-01T".Length..];
    }

    private static string Timestamp(long value, long ticks, bool isUtc)
    {
        if (ticks == 0)
        {
            throw new InvalidDataException("a timestamp has no unit");
        }

        (long seconds, long rest) = Math.DivRem(value, ticks);
        return rest < 0 ? Format(seconds - 1, rest + ticks, ticks, isUtc ? "Z" : "") : Format(seconds, rest, ticks, isUtc ? "Z" : "");
    }

    /// <summary>ISO 8601; the fraction has as many digits as the unit and is left out when it is 0.</summary>
    private static string Format(long seconds, long fraction, long ticks, string zone)
    {
        string text = DateTime(seconds).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        return fraction == 0
            ? text + zone
            : $"{text}.{fraction.ToString(CultureInfo.InvariantCulture).PadLeft((int)Math.Log10(ticks), '0')}{zone}";
    }

    private static DateTime DateTime(long seconds) => seconds is >= FirstSecond and <= LastSecond
        ? System.DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond)
        : throw new InvalidDataException($"a date {seconds / SecondsPerDay} days from 1970 is outside the years 1 to 9999");
}
