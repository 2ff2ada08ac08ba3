using System.Globalization;

namespace Ballast.Reports;

/// <summary>How figures read in a report.</summary>
internal static class ReportNumber
{
    /// <summary>A share in percent, "12.5 %".</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    /// <summary>A difference of shares in percentage points, signed.</summary>
    public static string Points(double difference) => string.Create(CultureInfo.InvariantCulture, $"{100 * difference:+0.0;-0.0;0.0}");

    /// <summary>An interval of shares, "3.4 to 7.2 %"; a remark when n leaves it open.</summary>
    public static string PercentInterval(double? low, double? high) =>
        low is null || high is null ? "n too small" : string.Create(CultureInfo.InvariantCulture, $"{100 * low:0.0} to {100 * high:0.0} %");

    /// <summary>A p value: three digits, never 0.</summary>
    public static string P(double? p) => p switch
    {
        null => "-",
        < 0.0001 => "< 0.0001",
        _ => Short(p.Value, "0.0000"),
    };

    /// <summary>About four significant digits, small and large numbers with exponents.</summary>
    public static string Plain(double number) => Math.Abs(number) switch
    {
        0 => "0",
        >= 1e6 or < 1e-3 => Short(number, "0.###e+0"),
        >= 1000 => Short(number, "#,0"),
        >= 1 => Short(number, "0.###"),
        _ => Short(number, "G4"),
    };

    private static string Short(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
