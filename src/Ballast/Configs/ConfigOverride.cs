using System.Globalization;
using System.Text.Json.Nodes;

namespace Ballast.Configs;

/// <summary>One <c>--set key=value</c>: a dotted path and a value in YAML.</summary>
internal sealed record ConfigOverride(string Source, IReadOnlyList<ConfigStep> Steps, JsonNode? Value)
{
    /// <summary>Reads <c>data.train[0].max_rows=100</c>; the value is YAML, so <c>[1, 2]</c>, <c>null</c> and <c>"text"</c> work too.</summary>
    /// <exception cref="ConfigException">There is no equals sign, or the path or the value cannot be read.</exception>
    public static ConfigOverride Parse(string text)
    {
        string source = $"--set {text}";
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw new ConfigException($"{source}: expected key=value, as in training.learning_rate=1e-5");
        }

        var steps = new List<ConfigStep>();
        foreach (string part in text[..equals].Trim().Split('.'))
        {
            int bracket = part.IndexOf('[', StringComparison.Ordinal);
            string key = bracket < 0 ? part : part[..bracket];
            if (key.Length == 0)
            {
                throw new ConfigException($"{source}: the path has an empty key");
            }

            steps.Add(new ConfigStep(key, null));
            string rest = bracket < 0 ? "" : part[bracket..];
            while (rest.Length > 0)
            {
                int close = rest.IndexOf(']', StringComparison.Ordinal);
                if (rest[0] != '[' || close < 0 || !int.TryParse(rest.AsSpan(1, close - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
                {
                    throw new ConfigException($"{source}: '{part}' is not a key with an index, as in train[0]");
                }

                steps.Add(new ConfigStep("", index));
                rest = rest[(close + 1)..];
            }
        }

        string value = text[(equals + 1)..];
        return new ConfigOverride(source, steps, value.Trim().Length == 0 ? JsonValue.Create("") : YamlReader.Parse(value, source).Root);
    }
}
