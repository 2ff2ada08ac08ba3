using System.Text.Json.Nodes;

namespace Ballast.Training;

/// <summary>Logs ema_distance, |weights - average|, about twenty times over a run; a pass over both costs more than the average itself.</summary>
public sealed class EmaDistance : TrainingHook
{
    private const int Points = 20;

    private TrainingRun _run = null!;

    /// <inheritdoc/>
    public override void Start(TrainingRun run) => _run = run;

    /// <inheritdoc/>
    public override string? Updated(int step, JsonObject metrics)
    {
        if (_run.Ema is { } ema && (step % Math.Max(1, _run.Total / Points) == 0 || step == _run.Total))
        {
            metrics["ema_distance"] = _run.Model.Trainable.Master.Distance(ema.Average);
        }

        return null;
    }
}
