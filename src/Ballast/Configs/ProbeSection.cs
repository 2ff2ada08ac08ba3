using Ballast.Evaluation.Suites;

namespace Ballast.Configs;

/// <summary>A small safety evaluation during training.</summary>
/// <param name="Suite">A file of prompts, or the name of a suite.</param>
/// <param name="Every">Optimizer steps between two probes, at least 1.</param>
/// <param name="Prompts">How many of the suite's prompts are asked, the first ones; at least 1.</param>
/// <param name="Judge">The judge that tells an unsafe reply, by name.</param>
/// <param name="MaxNewTokens">Longest reply in tokens, at least 1.</param>
/// <param name="StopAbove">Stops the run when the attack success rate exceeds it, in [0, 1]; null: never.</param>
/// <param name="Template">How the prompts are put: chat, raw or alpaca; null: as the suite says.</param>
public sealed record ProbeSection(
    string Suite,
    int Every = 50,
    int Prompts = 32,
    string Judge = "extended",
    int MaxNewTokens = 32,
    double? StopAbove = null,
    PromptStyle? Template = null)
{
    /// <summary>What is wrong with the values.</summary>
    internal IEnumerable<ConfigProblem> Problems()
    {
        foreach ((string key, int value) in new[] { ("every", Every), ("prompts", Prompts), ("max_new_tokens", MaxNewTokens) })
        {
            if (value < 1)
            {
                yield return new($"probe.{key}", $"must be at least 1, got {value}");
            }
        }

        if (StopAbove is not (null or (>= 0 and <= 1)))
        {
            yield return new("probe.stop_above", $"must lie between 0 and 1, got {StopAbove}");
        }
    }
}
