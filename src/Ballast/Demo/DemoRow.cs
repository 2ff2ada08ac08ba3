using Ballast.Evaluation.Statistics;

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
    internal static DemoFigure Of(IReadOnlyList<IReadOnlyList<bool>> answers)
    {
        (double rate, Interval interval) = PromptsAndSeeds.Of(answers);
        return new(rate, interval.Low, interval.High);
    }
}
