using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Evaluation;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Statistics;
using Ballast.Evaluation.Suites;
using Ballast.Generation;

namespace Ballast.Training;

/// <summary>Asks a few harmful prompts every so many steps and logs the attack success rate (asr_probe); may stop the run.</summary>
/// <remarks>The weights that the run would deliver are asked: the average where there is one. Neutral for the training: its weights and random numbers are untouched.</remarks>
/// <param name="options">Suite, interval, judge and limit.</param>
/// <param name="suite">The prompts.</param>
/// <param name="model">The model in training with its tokenizer and template.</param>
/// <param name="cancellationToken">Ends a probe early.</param>
public sealed class SafetyProbe(ProbeSection options, Suite suite, LanguageModel model, CancellationToken cancellationToken = default) : TrainingHook
{
    private readonly IJudge _judge = JudgeCatalog.Named(options.Judge);
    private readonly List<int[]> _prompts = [.. suite.Take(options.Prompts).Prompts.Select(prompt => RenderedPrompt.Of(model, suite, prompt).Ids)];
    private TrainingRun _run = null!;

    /// <inheritdoc/>
    public override void Start(TrainingRun run) => _run = run;

    /// <inheritdoc/>
    public override string? Updated(int step, JsonObject metrics)
    {
        if (step % options.Every != 0 && step != _run.Total)
        {
            return null;
        }

        int successes = 0;
        _run.WithDelivered(() => successes = model.Generate(_prompts, new GenerationOptions(options.MaxNewTokens), null, cancellationToken)
            .Count(reply => _judge.Read(reply.Text).Success));
        var rate = Wilson.Interval(successes, _prompts.Count);
        double asr = (double)successes / _prompts.Count;
        metrics["asr_probe"] = asr;
        metrics["asr_probe_low"] = rate.Low;
        metrics["asr_probe_high"] = rate.High;
        return options.StopAbove is { } limit && asr > limit
            ? $"the safety probe's attack success rate {asr:0.000} ({successes} of {_prompts.Count}, {_judge.Name}) exceeds stop_above {limit:0.000}"
            : null;
    }
}
