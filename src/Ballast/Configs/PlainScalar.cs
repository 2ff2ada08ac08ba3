using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ballast.Configs;

/// <summary>What an unquoted YAML scalar means: the core schema without its surprises.</summary>
/// <remarks>
/// <c>null</c>, <c>~</c> and nothing are null; <c>true</c> and <c>false</c> are booleans; <c>no</c>, <c>on</c> and <c>0x10</c> are text;
/// <c>010</c> is ten; <c>2e-5</c> is a number; <c>.inf</c>, <c>.nan</c> and numbers too large for a double are text, since none is ever wanted.
/// </remarks>
internal static partial class PlainScalar
{
    /// <summary>The value of an unquoted scalar.</summary>
    public static JsonNode? Read(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ => Number(text) ?? JsonValue.Create(text),
    };

    /// <summary>The same as YAML 1.1 programs read it: yes, no, on and off are booleans too.</summary>
    public static JsonNode? ReadPython(string text) => text switch
    {
        "yes" or "Yes" or "YES" or "on" or "On" or "ON" => JsonValue.Create(true),
        "no" or "No" or "NO" or "off" or "Off" or "OFF" => JsonValue.Create(false),
        _ => Read(text),
    };

    private static JsonValue? Number(string text)
    {
        if (text.Length > 64 || !NumberForm().IsMatch(text))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
        {
            return JsonValue.Create(whole);
        }

        double number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? JsonValue.Create(number) : null;
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberForm();
}
