using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ballast.Evaluation;
using Ballast.Evaluation.Statistics;
using Ballast.Generation;

namespace Ballast.Merging.Rescue;

/// <summary>A measured point: a line of points.jsonl.</summary>
/// <param name="Key">Hash of both models, the method, lambda, the validation set and the safety suites; a point is reused only under an equal key.</param>
/// <param name="Name">aligned, tuned, or METHOD-LAMBDA.</param>
/// <param name="Method">The merge method, "scaled" for an adapter; null at the ends, which no method changes.</param>
/// <param name="Lambda">Share of the tuned model.</param>
/// <param name="Utility">The figure on the validation set.</param>
/// <param name="Safety">Every figure of the safety suites.</param>
/// <param name="Rows">Scores of the validation rows, for paired tests; null where replies were compared with references.</param>
public sealed record RescuePoint(
    string Key, string Name, string? Method, double Lambda, MetricResult Utility, IReadOnlyList<MetricResult> Safety, IReadOnlyList<RowScore>? Rows = null)
{
    /// <summary>The attack success rate by the suite's first judge; of several harmful suites the one with the largest upper limit. Null where safety was not measured.</summary>
    [JsonIgnore]
    public MetricResult? Asr => Worst(Measures.AttackSuccessRate);

    /// <summary>The over-refusal, likewise.</summary>
    [JsonIgnore]
    public MetricResult? OverRefusal => Worst(Measures.OverRefusal);

    /// <summary>The point as a rule sees it.</summary>
    internal RescueCandidate Candidate => new(Name, Lambda, Utility.Measure == RescueTask.Loss ? -Utility.Value : Utility.Value, Asr?.High, Method is null);

    /// <summary>The row-scored utility of two points on the same rows: the difference per target token, rows as the independent units.</summary>
    internal static Comparison Compare(RescuePoint first, RescuePoint second)
    {
        var difference = ClusteredMean.Of([.. first.Rows!.Zip(second.Rows!, (a, b) => (Sum(b) - Sum(a), a.Targets)).Where(pair => pair.Targets > 0)]);
        return new Comparison(
            first.Utility.Name, first.Name, second.Name, difference.Count, first.Utility.Value, second.Utility.Value, difference.Mean,
            MetricResult.Finite(difference.Interval.Low), MetricResult.Finite(difference.Interval.High), null, null, difference.PValue, null);

        double Sum(RowScore row) => first.Utility.Measure == RescueTask.Loss ? row.LossSum : row.Correct;
    }

    private MetricResult? Worst(string measure) => Safety.Where(figure => figure.Measure == measure).GroupBy(figure => figure.Suite)
        .Select(suite => suite.First()).MaxBy(figure => figure.High ?? 1);
}

/// <summary>How rescue's files are written and read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RescuePoint))]
[JsonSerializable(typeof(RescueSummary))]
[JsonSerializable(typeof(string))]
internal sealed partial class RescueJson : JsonSerializerContext
{
    private static RescueJson? s_line;
    private static RescueJson? s_page;

    /// <summary>One line per value.</summary>
    public static RescueJson Line => s_line ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Indented, for people.</summary>
    public static RescueJson Page => s_page ??= new(new JsonSerializerOptions(Line.Options) { WriteIndented = true });
}
