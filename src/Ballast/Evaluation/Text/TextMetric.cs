namespace Ballast.Evaluation.Text;

/// <summary>A measure of how close a reply is to what was wanted, in [0, 1], higher is better.</summary>
/// <param name="Name">The name in suites, summaries and reports.</param>
/// <param name="About">What it measures, and whose definition it is.</param>
/// <param name="Score">Prediction and reference to score.</param>
/// <param name="RightOrWrong">Whether the score is 0 or 1 and nothing between, so that its mean is a rate.</param>
public sealed record TextMetric(string Name, string About, Func<string, string, double> Score, bool RightOrWrong = false)
{
    /// <summary>Every metric, by name.</summary>
    public static IReadOnlyList<TextMetric> All { get; } =
    [
        new("exact-match", "the same text but for blanks at the ends", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim()), true),
        new("exact-match-ignore-case", "the same, case aside", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreCase: true), true),
        new("exact-match-ignore-case-punctuation", "the same, case and punctuation aside", (prediction, reference) =>
            ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreCase: true, ignorePunctuation: true), true),
        new("exact-match-ignore-numbers", "the same, digits aside", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreNumbers: true), true),
        new("squad-exact", "the same words after SQuAD 1.1's normalization", Squad.Exact, true),
        new("squad-f1", "F1 of the words after SQuAD 1.1's normalization", Squad.F1),
        .. Rouges(stem: false),
        .. Rouges(stem: true),
    ];

    /// <summary>The metric of that name.</summary>
    /// <exception cref="ConfigException">There is none; the message lists those there are.</exception>
    public static TextMetric Named(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new ConfigException($"there is no text metric '{name}'; use one of {string.Join(", ", All.Select(metric => metric.Name))}");

    /// <summary>The score against the reference that fits best; at least one reference is needed.</summary>
    public double Best(string prediction, IReadOnlyList<string> references) => references.Max(reference => Score(prediction, reference));

    private static IEnumerable<TextMetric> Rouges(bool stem)
    {
        (string suffix, string how) = stem ? ("-stemmed", ", words stemmed") : ("", "");
        yield return new TextMetric("rouge-1" + suffix, "F1 of single words (Lin 2004)" + how, (prediction, reference) => Rouge.N(prediction, reference, 1, stem).F);
        yield return new TextMetric("rouge-2" + suffix, "F1 of pairs of words (Lin 2004)" + how, (prediction, reference) => Rouge.N(prediction, reference, 2, stem).F);
        yield return new TextMetric("rouge-l" + suffix, "F1 of the longest common sequence of words (Lin 2004)" + how, (prediction, reference) => Rouge.L(prediction, reference, stem).F);
        yield return new TextMetric("rouge-lsum" + suffix, "as rouge-l, line by line (Lin 2004)" + how, (prediction, reference) => Rouge.Lsum(prediction, reference, stem).F);
    }
}
