using System.Text.Json;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;

namespace Ballast.Merging.Rescue;

/// <summary>Measures points, each once: what is in points.jsonl and samples.jsonl under equal hashes is taken from there.</summary>
/// <param name="path">The way between the models.</param>
/// <param name="task">The validation set.</param>
/// <param name="suites">Every suite that is answered, the validation set among them if it is one.</param>
/// <param name="points">points.jsonl.</param>
/// <param name="log">samples.jsonl.</param>
internal sealed class PointMeter(RescuePath path, RescueTask task, IReadOnlyList<Suite> suites, string points, string log)
{
    private readonly Dictionary<string, RescuePoint> _known = Known(points);
    private readonly Dictionary<(string, string), Sample> _saved = Evaluator.Saved(log);

    /// <summary>The point and its judged replies.</summary>
    public (RescuePoint Point, IReadOnlyList<Sample> Samples) Measure(string name, string? method, double lambda, CancellationToken cancellationToken)
    {
        var model = path.At(name, method ?? "", lambda, cancellationToken);
        var samples = Evaluator.Answered(model, suites, _saved, log, null, cancellationToken);
        string key = Suite.HashOf([model.Hash, task.Hash, task.Measure, .. suites.SelectMany(Identity)]);
        if (_known.TryGetValue(key, out var known))
        {
            return (known with { Name = name }, samples);
        }

        MetricResult[] figures = [.. samples.GroupBy(sample => sample.Suite).SelectMany(suite => Measures.Of([.. suite]))];
        RescuePoint point;
        if (task.Rows is { } rows)
        {
            path.Move(method ?? "", lambda, cancellationToken);
            var scores = path.Model.Score(rows, null, cancellationToken);
            point = new RescuePoint(key, name, method, lambda, task.Result(name, scores), figures, scores);
        }
        else
        {
            var utility = figures.Single(figure => figure.Kind == SuiteKind.Utility);
            point = new RescuePoint(key, name, method, lambda, utility, [.. figures.Where(figure => figure != utility)]);
        }

        SampleLog.AppendLines(points, JsonSerializer.Serialize(point, RescueJson.Line.RescuePoint) + "\n");
        return (point, samples);
    }

    private static IEnumerable<string?> Identity(Suite suite) =>
        [suite.Hash(), .. suite.Judges.Select(judge => $"{judge.Name} {judge.Version}"), .. suite.Metrics.Select(metric => metric.Name)];

    private static Dictionary<string, RescuePoint> Known(string file)
    {
        var known = new Dictionary<string, RescuePoint>(StringComparer.Ordinal);
        foreach (var point in File.Exists(file) ? SampleLog.Read(file, RescueJson.Line.RescuePoint, "point") : [])
        {
            known[point.Key] = point;
        }

        return known;
    }
}
