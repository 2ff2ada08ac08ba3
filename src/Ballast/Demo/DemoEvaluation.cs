using Ballast.Evaluation;

namespace Ballast.Demo;

/// <summary>The evaluation of one seed's models.</summary>
internal sealed record DemoEvaluation(EvaluationSummary Summary, IReadOnlyList<Sample> Samples)
{
    /// <summary>One model's replies to a suite, in the order of its prompts.</summary>
    public IEnumerable<Sample> Replies(string model, string suite) => Samples.Where(sample => sample.Model == model && sample.Suite == suite);
}
