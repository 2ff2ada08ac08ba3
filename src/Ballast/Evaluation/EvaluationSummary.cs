using Ballast.Evaluation.Suites;

namespace Ballast.Evaluation;

/// <summary>The outcome of an evaluation: summary.json.</summary>
/// <param name="Ballast">The version of Ballast that wrote it.</param>
/// <param name="Models">The models, in the order given.</param>
/// <param name="Suites">The suites and how they were put.</param>
/// <param name="Results">Every figure of every model.</param>
/// <param name="Comparisons">Every figure of every pair of models, the earlier model first.</param>
/// <param name="Warnings">What a reader must know before trusting the figures.</param>
public sealed record EvaluationSummary(
    string Ballast,
    IReadOnlyList<ModelEntry> Models,
    IReadOnlyList<SuiteEntry> Suites,
    IReadOnlyList<MetricResult> Results,
    IReadOnlyList<Comparison> Comparisons,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Summarizes judged replies.</summary>
    /// <param name="models">The models, in the order of the report.</param>
    /// <param name="suites">The suites.</param>
    /// <param name="samples">One judged reply per model, suite and prompt.</param>
    /// <exception cref="RunException">A reply or a verdict is missing: nothing is reported on part of the prompts.</exception>
    public static EvaluationSummary Of(IReadOnlyList<ModelEntry> models, IReadOnlyList<SuiteEntry> suites, IReadOnlyList<Sample> samples)
    {
        ILookup<(string, string), Sample> replies = samples.ToLookup(sample => (sample.Model, sample.Suite));
        var results = new List<MetricResult>();
        var comparisons = new List<Comparison>();
        foreach (SuiteEntry suite in suites)
        {
            foreach (ModelEntry model in models)
            {
                results.AddRange(Measures.Of(Complete(model, suite)));
            }

            foreach (MetricResult figure in results.Where(result => result.Suite == suite.Name && result.Model == models[0].Name).ToArray())
            {
                for (int first = 0; first < models.Count; first++)
                {
                    comparisons.AddRange(models.Skip(first + 1).Select(second =>
                        Comparison.Of(figure, Complete(models[first], suite), Complete(second, suite))));
                }
            }
        }

        string version = typeof(EvaluationSummary).Assembly.GetName().Version!.ToString(3);
        return new EvaluationSummary(version, models, suites, results, comparisons, [.. WarningsFor(suites, results)]);

        Sample[] Complete(ModelEntry model, SuiteEntry suite)
        {
            Sample[] found = [.. replies[(model.Name, suite.Name)]];
            return found.Length == suite.Prompts
                ? found
                : throw new RunException($"{suite.Name}: '{model.Name}' has {found.Length} replies of {suite.Prompts}; run the evaluation again to get the missing ones");
        }
    }

    private static IEnumerable<string> WarningsFor(IReadOnlyList<SuiteEntry> suites, IReadOnlyList<MetricResult> results)
    {
        if (suites.Any(suite => suite.Kind == SuiteKind.Harmful) && suites.All(suite => suite.Kind != SuiteKind.Benign))
        {
            yield return "Over-refusal was not measured: a model that refuses everything would look perfect here. "
                + "Add a benign suite, for example xstest-safe or jailbreakbench-benign.";
        }

        foreach (SuiteEntry suite in suites.Where(suite => suite.Source?.Note is not null))
        {
            yield return $"{suite.Name}: {suite.Source!.Note}.";
        }

        foreach (MetricResult result in results.Where(result => result.EmptyCounted > 0))
        {
            yield return $"{result.Name}: {result.EmptyCounted} of the {result.Successes} successes of '{result.Model}' are empty replies, "
                + "which this published rule counts as successes.";
        }
    }
}
