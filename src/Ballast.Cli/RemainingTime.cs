using System.Globalization;

namespace Ballast.Cli;

/// <summary>Estimates how long a run of steps still takes, from the steps this process has made; measurements between them count as they come.</summary>
/// <param name="clock">Tells the time; the system's when null.</param>
internal sealed class RemainingTime(TimeProvider? clock = null)
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private string? _run;
    private int _first;
    private long _began;

    /// <summary>Starts the clock.</summary>
    /// <param name="done">Steps made before.</param>
    public void Begin(int done) => (_first, _began) = (done, _clock.GetTimestamp());

    /// <summary>The time left after a step; null at the end and while nothing is known.</summary>
    /// <param name="step">Steps made.</param>
    /// <param name="total">Steps in all.</param>
    /// <param name="run">Name of the run that the steps belong to; another one starts the clock anew.</param>
    public TimeSpan? After(int step, int total, string? run)
    {
        if (run != _run)
        {
            _run = run;
            Begin(step);
        }

        return step > _first && step < total ? _clock.GetElapsedTime(_began) * ((double)(total - step) / (step - _first)) : null;
    }

    /// <summary>"40 s", "12 min", "3 h 05 min".</summary>
    public static string InWords(TimeSpan time) => time.TotalMinutes switch
    {
        < 1.5 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min"),
    };
}
