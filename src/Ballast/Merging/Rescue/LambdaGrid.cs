using System.Globalization;

namespace Ballast.Merging.Rescue;

/// <summary>Which shares of the tuned model are tried.</summary>
public static class LambdaGrid
{
    /// <summary>Every tenth from 0 to 1, as a user writes it.</summary>
    public const string Tenths = "0,0.1,...,1";

    private const string Dots = "...";
    private const int MaxCount = 1001;

    /// <summary>Reads a list such as <c>0.2,0.4,0.6</c> or <c>0,0.1,...,1</c>, where the dots go on with the last step up to the number behind them.</summary>
    /// <returns>Rising, each once, in [0, 1]; the nearest doubles to the decimal fractions.</returns>
    /// <exception cref="ConfigException">A word is no number, lies outside [0, 1], or the dots do not lead to the number behind them.</exception>
    public static IReadOnlyList<double> Parse(string text)
    {
        var values = new List<decimal>();
        string[] words = text.Split(',', StringSplitOptions.TrimEntries);
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] == Dots)
            {
                GoOn(values, i + 1 < words.Length ? words[i + 1] : "");
            }
            else
            {
                values.Add(Number(words[i]));
            }
        }

        return [.. values.Distinct().Order().Select(value => (double)value)];
    }

    /// <summary>The middles of the gaps on both sides of a share, and of the gap behind another one.</summary>
    /// <param name="line">Measured shares, rising.</param>
    /// <param name="pick">One of them.</param>
    /// <param name="border">Another of them, such as the last under a limit; null for none.</param>
    /// <returns>Rising, each once.</returns>
    public static IReadOnlyList<double> Middles(IReadOnlyList<double> line, double pick, double? border = null)
    {
        int at = IndexOf(line, pick), last = border is { } share ? IndexOf(line, share) : at;
        return [.. new[] { at - 1, at, last }.Distinct().Order().Where(gap => gap >= 0 && gap + 1 < line.Count).Select(gap => Between(line[gap], line[gap + 1]))];
    }

    private static double Between(double a, double b) => (double)(((decimal)a + (decimal)b) / 2);

    private static int IndexOf(IReadOnlyList<double> line, double share) => line.TakeWhile(other => other < share).Count();

    // Decimal steps: 0.1 + 0.2 is 0.3, and a point is found again under the name that the user gave it.
    private static void GoOn(List<decimal> values, string last)
    {
        decimal step = values.Count < 2 ? 0 : values[^1] - values[^2];
        decimal end = Number(last), next = step == 0 ? end : values[^1] + step;
        for (; step > 0 && next < end && values.Count < MaxCount; next += step)
        {
            values.Add(next);
        }

        if (step <= 0 || next != end)
        {
            throw new ConfigException($"--lambdas: '{Dots}' goes on with the step of the two numbers before it up to the one behind it, as in {Tenths}");
        }
    }

    private static decimal Number(string word) =>
        !decimal.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value)
            ? throw new ConfigException($"--lambdas: expected numbers from 0 to 1 with commas between them, as in {Tenths}, got '{word}'")
            : value is >= 0 and <= 1 ? value
            : throw new ConfigException($"--lambdas: lambda is the tuned model's share and must be in [0, 1], got {word}");
}
