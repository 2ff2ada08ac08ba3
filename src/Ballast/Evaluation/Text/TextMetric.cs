namespace Ballast.Evaluation.Text;

/// <summary>A measure of how close a reply is to what was wanted, in [0, 1], higher is better.</summary>
/// <param name="Name">The name in suites, summaries and reports.</param>
/// <param name="Score">Prediction and reference to score.</param>
/// <param name="RightOrWrong">Whether the score is 0 or 1 and nothing between, so that its mean is a rate.</param>
public sealed record TextMetric(string Name, Func<string, string, double> Score, bool RightOrWrong = false)
{
    /// <summary>Every metric, by name.</summary>
    public static IReadOnlyList<TextMetric> All { get; } =
    [
        new("exact-match", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim()), true),
        new("exact-match-ignore-case", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreCase: true), true),
        new("exact-match-ignore-case-punctuation", (prediction, reference) =>
            ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreCase: true, ignorePunctuation: true), true),
        new("exact-match-ignore-numbers", (prediction, reference) => ExactMatch.Score(prediction.Trim(), reference.Trim(), ignoreNumbers: true), true),
        new("squad-exact", Squad.Exact, true),
        new("squad-f1", Squad.F1),
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
        string suffix = stem ? "-stemmed" : "";
        yield return new TextMetric("rouge-1" + suffix, (prediction, reference) => Rouge.N(prediction, reference, 1, stem).F);
        yield return new TextMetric("rouge-2" + suffix, (prediction, reference) => Rouge.N(prediction, reference, 2, stem).F);
        yield return new TextMetric("rouge-l" + suffix, (prediction, reference) => Rouge.L(prediction, reference, stem).F);
        yield return new TextMetric("rouge-lsum" + suffix, (prediction, reference) => Rouge.Lsum(prediction, reference, stem).F);
    }
}
