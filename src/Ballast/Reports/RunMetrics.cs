using System.Text.Json;

namespace Ballast.Reports;

/// <summary>The curves of a training run, from its metrics.jsonl: one object per line with a step and any numbers.</summary>
public sealed class RunMetrics
{
    private readonly Dictionary<string, List<ChartPoint>> _curves = [];

    private RunMetrics(string name) => Name = name;

    /// <summary>The run's name in legends.</summary>
    public string Name { get; }

    /// <summary>The greatest step with a line; 0 when there is none.</summary>
    public int LastStep { get; private set; }

    /// <summary>Reads a file; a last line that a killed process left half-written is passed over.</summary>
    /// <param name="name">The run's name in legends.</param>
    /// <param name="path">The metrics.jsonl of its run folder.</param>
    /// <exception cref="DataException">The file cannot be read, or another line is no object with a step.</exception>
    public static RunMetrics Read(string name, string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllText(path).Split('\n');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }

        var metrics = new RunMetrics(name);
        for (int i = 0; i < lines.Length - 1; i++)
        {
            metrics.Add(lines[i], $"{path}:{i + 1}");
        }

        return metrics;
    }

    /// <summary>A curve by the name of its metric; empty where the run did not log it. NAME_low and NAME_high become its interval.</summary>
    public IReadOnlyList<ChartPoint> Curve(string metric)
    {
        Dictionary<double, double> low = ByStep(metric + "_low");
        Dictionary<double, double> high = ByStep(metric + "_high");
        return [.. _curves.GetValueOrDefault(metric, []).Select(point => low.TryGetValue(point.X, out double from) && high.TryGetValue(point.X, out double to)
            ? point with { Low = from, High = to }
            : point)];
    }

    private Dictionary<double, double> ByStep(string metric)
    {
        var values = new Dictionary<double, double>();
        foreach (ChartPoint point in _curves.GetValueOrDefault(metric, []))
        {
            values[point.X] = point.Y;
        }

        return values;
    }

    private void Add(string line, string place)
    {
        try
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.ValueKind != JsonValueKind.Object || !row.RootElement.TryGetProperty("step", out JsonElement at) || !at.TryGetDouble(out double step))
            {
                throw new DataException($"{place}: expected an object with the number 'step'");
            }

            LastStep = Math.Max(LastStep, (int)step);
            foreach (JsonProperty field in row.RootElement.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Number && field.Name != "step"))
            {
                if (!_curves.TryGetValue(field.Name, out List<ChartPoint>? curve))
                {
                    _curves[field.Name] = curve = [];
                }

                curve.Add(new ChartPoint(step, field.Value.GetDouble()));
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new DataException($"{place}: not a line of metrics: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }
}
