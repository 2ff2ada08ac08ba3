using System.CommandLine.Parsing;
using System.Globalization;

namespace Ballast.Cli;

/// <summary>Reads numbers of options: with a decimal point whatever the locale, and never a comma, which the parser's own reading drops ("0,5" would be 5).</summary>
internal static class Number
{
    /// <summary>The number of an option.</summary>
    public static double One(ArgumentResult result) => Many(result)[0];

    /// <summary>The numbers of an option that may be given again.</summary>
    public static double[] Many(ArgumentResult result) => [.. result.Tokens.Select(token => Of(result, token.Value))];

    private static double Of(ArgumentResult result, string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            result.AddError($"{(result.Parent as OptionResult)?.IdentifierToken?.Value}: expected a number such as 0.5, found '{text}'");
        }

        return number;
    }
}
