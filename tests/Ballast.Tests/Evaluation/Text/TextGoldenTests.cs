using System.Text.Json.Nodes;
using Ballast.Evaluation.Text;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Evaluation.Text;

/// <summary>Every row of the text goldens. BLEU and chrF columns (and corpus.json, which holds nothing else) are not covered: Ballast does not compute them.</summary>
public class TextGoldenTests
{
    private const double Tolerance = 1e-9;

    [Theory]
    [InlineData(false, "rouge")]
    [InlineData(true, "rouge_stemmed")]
    public void Rouge_equals_the_golden_scores(bool stem, string column)
    {
        IReadOnlyList<JsonNode> rows = Golden.Lines("evaluation", "text", "pairs.jsonl");
        Assert.Equal(57, rows.Count);
        foreach (JsonNode row in rows)
        {
            string prediction = (string)row["prediction"]!;
            string reference = (string)row["reference"]!;
            Same(row, column, "rouge1", Rouge.N(prediction, reference, 1, stem));
            Same(row, column, "rouge2", Rouge.N(prediction, reference, 2, stem));
            Same(row, column, "rougeL", Rouge.L(prediction, reference, stem));
            Same(row, column, "rougeLsum", Rouge.Lsum(prediction, reference, stem));
        }
    }

    [Fact]
    public void Best_of_several_references_equals_the_golden_scores()
    {
        IReadOnlyList<JsonNode> rows = Golden.Lines("evaluation", "text", "multi_reference.jsonl");
        Assert.Equal(6, rows.Count);
        foreach (JsonNode row in rows)
        {
            string[] references = [.. row["references"]!.AsArray().Select(reference => (string)reference!)];
            foreach ((string suffix, string column) in new[] { ("", "rouge"), ("-stemmed", "rouge_stemmed") })
            {
                foreach ((string name, string key) in new[] { ("rouge-1", "rouge1"), ("rouge-2", "rouge2"), ("rouge-l", "rougeL"), ("rouge-lsum", "rougeLsum") })
                {
                    double best = TextMetric.Named(name + suffix).Best((string)row["prediction"]!, references);
                    Assert.Equal((double)row[column]![key]![2]!, best, Tolerance);
                }
            }
        }
    }

    [Fact]
    public void Exact_match_and_SQuAD_scores_equal_the_golden_ones()
    {
        foreach (JsonNode row in Golden.Lines("evaluation", "text", "pairs.jsonl"))
        {
            string prediction = (string)row["prediction"]!;
            string reference = (string)row["reference"]!;
            Assert.Equal((string)row["squad_normalized"]![0]!, Squad.Normalize(prediction));
            Assert.Equal((string)row["squad_normalized"]![1]!, Squad.Normalize(reference));
            Assert.Equal((double)row["squad_exact"]!, Squad.Exact(prediction, reference), Tolerance);
            Assert.Equal((double)row["squad_f1"]!, Squad.F1(prediction, reference), Tolerance);
            Assert.Equal((double)row["exact_match"]!, ExactMatch.Score(prediction, reference));
            Assert.Equal((double)row["exact_match_ignore_case"]!, ExactMatch.Score(prediction, reference, ignoreCase: true));
            Assert.Equal((double)row["exact_match_ignore_case_punctuation"]!, ExactMatch.Score(prediction, reference, true, true));
            Assert.Equal((double)row["exact_match_ignore_numbers"]!, ExactMatch.Score(prediction, reference, ignoreNumbers: true));
        }
    }

    [Fact]
    public void Porter_stems_equal_the_golden_ones()
    {
        JsonObject stems = Golden.Json("evaluation", "text", "porter_stems.json").AsObject();
        Assert.True(stems.Count >= 720);
        Assert.All(stems, pair => Assert.Equal((string)pair.Value!, PorterStemmer.Stem(pair.Key)));
    }

    private static void Same(JsonNode row, string column, string key, RougeScore score)
    {
        double[] expected = Golden.Numbers(row[column]![key]);
        Assert.Equal(expected[0], score.Precision, Tolerance);
        Assert.Equal(expected[1], score.Recall, Tolerance);
        Assert.Equal(expected[2], score.F, Tolerance);
    }
}
