using System.Text.Json.Nodes;
using Ballast.Evaluation.Statistics;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Evaluation.Statistics;

/// <summary>
/// Every row of the statistics goldens that concerns what Ballast computes. Not covered, because the product has no use for them: Clopper-Pearson,
/// Agresti-Coull, Jeffreys, Wald and corrected Wilson intervals; unpaired differences; chi-square forms of McNemar; Welch and Wilcoxon;
/// Fisher, bootstrap, agreement, correlation, AUC, power, prevalence and corrections for many comparisons.
/// </summary>
public class StatisticsGoldenTests
{
    private const double Relative = 1e-9;

    [Fact]
    public void J10_Wilson_intervals_equal_the_golden_ones()
    {
        JsonArray rows = Rows("proportions");
        Assert.Equal(213, rows.Count);
        foreach (JsonNode? row in rows)
        {
            Interval interval = Wilson.Interval((int)row!["k"]!, (int)row["n"]!, (double)row["confidence"]!);
            double[] expected = Golden.Numbers(row["wilson"]);
            Close(expected[0], interval.Low);
            Close(expected[1], interval.High);
        }
    }

    [Fact]
    public void J11_McNemar_p_values_equal_the_golden_ones()
    {
        JsonArray rows = Rows("mcnemar");
        Assert.Equal(99, rows.Count);
        foreach (JsonNode? row in rows)
        {
            (int b, int c) = ((int)row!["b"]!, (int)row["c"]!);
            Close((double)row["exact_p"]!, McNemar.ExactP(b, c));
            double? midP = (double?)row["mid_p"];
            Assert.Equal(midP is null, McNemar.MidP(b, c) is null);
            if (midP is not null)
            {
                Close(midP.Value, McNemar.MidP(b, c)!.Value);
            }
        }
    }

    [Fact]
    public void T_intervals_over_seeds_equal_the_golden_ones()
    {
        JsonArray rows = Rows("seeds");
        Assert.Equal(5, rows.Count);
        foreach (JsonNode? row in rows)
        {
            MeanEstimate estimate = SampleMean.Of(Golden.Numbers(row!["values"]));
            Close((double)row["mean"]!, estimate.Mean);
            Close((double)row["standard_error"]!, estimate.StandardError);
            Same(Golden.Numbers(row["t_95"]), estimate.Interval);
            Same(Golden.Numbers(row["t_90"]), SampleMean.Of(Golden.Numbers(row["values"]), 0.9).Interval);
        }
    }

    [Fact]
    public void J11_Paired_t_tests_equal_the_golden_ones()
    {
        JsonArray pairs = Golden.Json("evaluation", "statistics", "seeds.json")["pairs"]!.AsArray();
        Assert.Equal(3, pairs.Count);
        foreach (JsonNode? pair in pairs)
        {
            // The golden difference is a - b.
            MeanEstimate difference = SampleMean.OfDifferences(Golden.Numbers(pair!["b"]), Golden.Numbers(pair["a"]));
            Same(Golden.Numbers(pair["paired_95"]), difference.Interval);
            double? p = (double?)pair["paired_p"];
            Assert.Equal(p is null, difference.PValue is null);
            Close(p ?? 0, difference.PValue ?? 0);
        }
    }

    [Fact]
    public void Clustered_means_equal_the_golden_ones()
    {
        JsonArray rows = Rows("clustered");
        Assert.Equal(4, rows.Count);
        foreach (JsonNode? row in rows)
        {
            MeanEstimate estimate = ClusteredMean.Of(Clusters(row!));
            Close((double)row!["mean"]!, estimate.Mean);
            Close((double)row["se_cluster_small_sample_correction"]!, estimate.StandardError);
            Assert.Equal((int)row["degrees_of_freedom_t"]!, estimate.Count - 1);
            Same(Golden.Numbers(row["ci_cluster_corrected_t"]), estimate.Interval);
        }
    }

    [Fact]
    public void Standard_errors_of_means_equal_those_of_the_evaluation_harness()
    {
        JsonNode[] rows = [.. Golden.Lines("evaluation", "harness", "standard_errors.jsonl").Where(row => (string?)row["aggregation"] == "mean")];
        Assert.NotEmpty(rows);
        foreach (JsonNode row in rows)
        {
            MeanEstimate estimate = SampleMean.Of(Golden.Numbers(row["items"]));
            Close((double)row["value"]!, estimate.Mean);
            Close((double)row["mean_stderr"]!, estimate.StandardError);
        }
    }

    internal static (double Sum, int Count)[] Clusters(JsonNode row) =>
        [.. Golden.Numbers(row["y"]).Zip(Golden.Numbers(row["cluster"])).GroupBy(pair => pair.Second, pair => pair.First)
            .Select(group => (group.Sum(), group.Count()))];

    private static JsonArray Rows(string name) => Golden.Json("evaluation", "statistics", name + ".json")["rows"]!.AsArray();

    // Relative 1e-9, and 1e-15 where the golden is 0.
    private static void Close(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= (Relative * Math.Abs(expected)) + 1e-15, $"expected {expected:R}, got {actual:R}");

    // Quantile-based limits: relative 1e-6.
    private static void Same(double[] expected, Interval actual)
    {
        Assert.Equal(expected[0], actual.Low, (1e-6 * Math.Abs(expected[0])) + 1e-12);
        Assert.Equal(expected[1], actual.High, (1e-6 * Math.Abs(expected[1])) + 1e-12);
    }
}
