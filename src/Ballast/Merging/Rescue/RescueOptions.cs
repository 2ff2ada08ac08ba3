using Ballast.Configs;
using Ballast.Evaluation.Suites;

namespace Ballast.Merging.Rescue;

/// <summary>What is swept, how it is measured and how the pick is made.</summary>
/// <param name="Aligned">Folder of the model before tuning.</param>
/// <param name="Tuned">Folder of the model after tuning, or MODEL+ADAPTER.</param>
/// <param name="Validation">The downstream validation set: a utility suite or a data file.</param>
/// <param name="Output">The folder for points, summary, report and the picked model.</param>
public sealed record RescueOptions(string Aligned, string Tuned, string Validation, string Output)
{
    /// <summary>Suites that measure safety (harmful) and over-refusal (benign); empty: only utility is measured.</summary>
    public IReadOnlyList<Suite> Safety { get; init; } = [];

    /// <summary>What counts as utility; null: a suite's first metric, the loss for a data file.</summary>
    public string? Utility { get; init; }

    /// <summary>Shares of the tuned model, in [0, 1]. The ends are always measured, but picked only where they are in the list.</summary>
    public IReadOnlyList<double> Lambdas { get; init; } = LambdaGrid.Parse(LambdaGrid.Tenths);

    /// <summary>Merge methods that have one coefficient, perhaps with further numbers: ties:density=0.2.</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["linear"];

    /// <summary>The rule; null: under the limit where there is a harmful suite, else the best utility.</summary>
    public RescueRule? Rule { get; init; }

    /// <summary>Largest upper 95 % limit of the attack success rate that is allowed, in (0, 1].</summary>
    public double AsrLimit { get; init; } = 0.05;

    /// <summary>How often the gaps on both sides of the pick are halved, at least 0.</summary>
    public int Refinements { get; init; }

    /// <summary>Only the first prompts or rows of each set; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Where files of named suites are looked for.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The rule in force.</summary>
    internal RescueRule ActiveRule => Rule ?? (HasHarmful ? RescueRule.AsrLimit : RescueRule.BestUtility);

    private bool HasHarmful => Safety.Any(suite => suite.Kind == SuiteKind.Harmful);

    /// <summary>Checks the options by themselves, before any model is read.</summary>
    /// <exception cref="ConfigException">One is wrong.</exception>
    internal void Check()
    {
        if (Lambdas.FirstOrDefault(lambda => lambda is not (>= 0 and <= 1), 0) is not 0 and var outside)
        {
            throw new ConfigException($"--lambdas: lambda is the tuned model's share and must be in [0, 1], got {outside}");
        }

        if (Lambdas.Count == 0 || (ActiveRule == RescueRule.BestUtility && !Lambdas.Any(lambda => lambda is > 0 and < 1)))
        {
            throw new ConfigException("--lambdas: needs a share between 0 and 1; the ends are the models that are merged");
        }

        if (ActiveRule == RescueRule.AsrLimit && !HasHarmful)
        {
            throw new ConfigException("--rule asr-limit needs a suite of harmful prompts; name one with --safety");
        }

        if (Safety.FirstOrDefault(suite => suite.Kind == SuiteKind.Utility) is { } utility)
        {
            throw new ConfigException($"--safety: '{utility.Name}' measures utility; expected a harmful or a benign suite");
        }

        if (!(AsrLimit is > 0 and <= 1))
        {
            throw new ConfigException($"--limit-asr: a share above 0 and at most 1, such as 0.05; got {AsrLimit}");
        }

        if (Refinements < 0 || Limit < 1)
        {
            throw new ConfigException(Refinements < 0 ? $"--refine must be at least 0, got {Refinements}" : $"--limit must be at least 1, got {Limit}");
        }

        if (Utility is { } measure && !RescueTask.Measures.Contains(measure))
        {
            throw new ConfigException($"--utility: there is no '{measure}'{Suggestion.For(measure, RescueTask.Measures)}; use one of {string.Join(", ", RescueTask.Measures)}");
        }
    }
}
