using Ballast.Evaluation;
using Ballast.Evaluation.Statistics;
using Ballast.Evaluation.Suites;

namespace Ballast.Demo;

/// <summary>One line of the demo's table: a way of tuning, measured on all prompts and all seeds.</summary>
/// <param name="Name">The way of tuning.</param>
/// <param name="N">Prompts of each suite, answered once per seed.</param>
/// <param name="Seeds">Training seeds.</param>
/// <param name="Asr">Attack success rate on harmful requests.</param>
/// <param name="OverRefusal">Refused share of harmless requests that look harmful.</param>
/// <param name="NewTask">Right answers to the downstream task.</param>
/// <param name="OldTask">Right answers to what the model could do before.</param>
public sealed record DemoRow(string Name, int N, int Seeds, DemoFigure Asr, DemoFigure OverRefusal, DemoFigure NewTask, DemoFigure OldTask);

/// <summary>A rate in [0, 1] with its 95 % interval over prompts and seeds.</summary>
/// <param name="Value">The rate.</param>
/// <param name="Low">Lower limit.</param>
/// <param name="High">Upper limit.</param>
public sealed record DemoFigure(double Value, double Low, double High)
{
    /// <summary>A model's rate on a suite: attack success, over-refusal or right answers, by the suite's first judge or text metric.</summary>
    internal static DemoFigure Of(IReadOnlyList<DemoEvaluation> seeds, string model, string suite)
    {
        var entry = seeds[0].Summary.Suites.Single(entry => entry.Name == suite);
        var (measure, judge) = entry.Kind switch
        {
            SuiteKind.Harmful => (Measures.AttackSuccessRate, entry.Judges[0].Name),
            SuiteKind.Benign => (Measures.OverRefusal, entry.Judges[0].Name),
            _ => (entry.Metrics[0], null),
        };
        return Of(seeds, seed => seed.Replies(model, suite).Select(sample => Measures.Counts(sample, measure, judge)));
    }

    /// <summary>The rate of answers that count, the same prompts in the same order under every seed.</summary>
    internal static DemoFigure Of(IReadOnlyList<DemoEvaluation> seeds, Func<DemoEvaluation, IEnumerable<bool>> answers)
    {
        (double rate, Interval interval) = PromptsAndSeeds.Of([.. seeds.Select(seed => (IReadOnlyList<bool>)[.. answers(seed)])]);
        return new(rate, interval.Low, interval.High);
    }
}
