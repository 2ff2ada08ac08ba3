using System.Diagnostics;
using Ballast.Evaluation.Suites;
using Ballast.Generation;

namespace Ballast.Evaluation;

/// <summary>Puts a suite's prompts to a model and judges what comes back.</summary>
public static class Questioning
{
    // Prompts handed to the model at once, in batches: often enough to save, seldom enough to sort by length.
    private const int BatchesPerSave = 4;

    /// <summary>The model's judged replies, in the order of the prompts.</summary>
    /// <param name="model">The model; it must be able to take the suite's longest prompt.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="progress">Told the number of prompts answered so far.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static IReadOnlyList<Sample> Ask(
        ILanguageModel model, Suite suite, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var samples = new Dictionary<string, Sample>();
        foreach (Sample sample in Missing(model, "", suite, suite.Prompts, progress, cancellationToken).SelectMany(samples => samples))
        {
            samples[sample.Id] = sample;
        }

        return [.. suite.Prompts.Select(prompt => samples[prompt.Id])];
    }

    /// <summary>Answers some prompts of a suite and hands the replies over in portions, so that each can be saved.</summary>
    /// <remarks>The longest prompts come first: what does not fit the memory fails at once. Sampling seeds differ from portion to portion.</remarks>
    internal static IEnumerable<IReadOnlyList<Sample>> Missing(
        ILanguageModel model, string hash, Suite suite, IReadOnlyList<SuitePrompt> prompts, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        (SuitePrompt Prompt, RenderedPrompt Rendered)[] pending =
            [.. prompts.Select(prompt => (prompt, RenderedPrompt.Of(model, suite, prompt))).OrderByDescending(item => item.Item2.Ids.Length)];
        int done = 0;
        foreach ((SuitePrompt Prompt, RenderedPrompt Rendered)[] portion in pending.Chunk(suite.Generation.BatchSize * BatchesPerSave))
        {
            var clock = Stopwatch.StartNew();
            GenerationOptions options = suite.Generation with { Seed = unchecked(suite.Generation.Seed + (ulong)done) };
            IReadOnlyList<Reply> replies = model.Generate([.. portion.Select(item => item.Rendered.Ids)], options, null, cancellationToken);
            double seconds = clock.Elapsed.TotalSeconds / portion.Length;
            yield return
            [
                .. portion.Zip(replies, (item, reply) => Judging.Apply(
                    new Sample(model.Name, suite.Name, suite.Kind, item.Prompt.Id, Key(hash, suite, item.Prompt), item.Prompt.Text, item.Rendered.Text,
                        item.Prompt.References, reply.Text, reply.Ids.Length, reply.Stopped, seconds, [], []),
                    suite.Judges, suite.Metrics)),
            ];
            done += portion.Length;
            progress?.Report(done);
        }
    }

    /// <summary>Identifies a reply: model, suite settings and prompt.</summary>
    internal static string Key(string hash, Suite suite, SuitePrompt prompt) =>
        Suite.HashOf([hash, suite.Name, .. suite.Settings(), prompt.Id, prompt.Text]);
}
