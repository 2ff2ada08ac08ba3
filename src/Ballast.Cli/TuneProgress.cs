using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Tensors;
using Ballast.Training;
using Spectre.Console;

namespace Ballast.Cli;

/// <summary>Shows a tuning run on stderr: the data found, then a bar with the loss on a terminal, else a line now and then.</summary>
/// <param name="terminal">Where to.</param>
/// <param name="decode">Token ids as text, for the first row.</param>
internal sealed class TuneProgress(Terminal terminal, Func<int[], string> decode)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private ProgressTask? _bar;
    private Action<string> _say = terminal.Say;
    private readonly RemainingTime _remaining = new();
    private int _total;
    private long _lastLine;

    /// <summary>Runs the work inside the display.</summary>
    public T Watch<T>(Func<T> run)
    {
        if (!terminal.DrawsError)
        {
            return run();
        }

        var console = terminal.ErrorConsole();
        return console.Progress().AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn())
            .Start(context =>
            {
                _bar = context.AddTask("reading", maxValue: 1);
                _say = line => console.WriteLine(line);
                return run();
            });
    }

    /// <summary>A line for the person who watches.</summary>
    public void Say(string line) => _say(line);

    /// <summary>Everything is read; training begins.</summary>
    public void Begin(TunePlan plan)
    {
        foreach (string line in DataSummary.Lines(plan.Data.Train))
        {
            _say(line);
        }

        var first = plan.Data.Train.Rows[0];
        string text = decode(first.InputIds).ReplaceLineEndings("\\n");
        _say($"first row ({first.Source}): {(text.Length > 300 ? text[..300] + "..." : text)}");
        _say(string.Create(
            CultureInfo.InvariantCulture, $"{plan.Parameters:N0} parameters, {plan.DType.SafetensorsName}, {plan.TotalSteps} steps, {100 * plan.PaddingShare:0.0} % padding"));
        _total = plan.TotalSteps;
        _remaining.Begin(plan.DoneSteps);
        _bar?.MaxValue(plan.TotalSteps).Value(plan.DoneSteps);
    }

    /// <summary>A step is done.</summary>
    public void Step(JsonObject metrics)
    {
        int step = (int)metrics["step"]!;
        string? run = (string?)metrics["run"];
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{(run is null ? "" : $"{run}: ")}step {step}/{_total}  loss {(double)metrics["loss"]!:0.0000}  rate {(double)metrics["learning_rate"]!:0.00e+0}  {(double)metrics["tokens_per_second"]!:N0} tokens/s");
        if (metrics["asr_probe"] is JsonNode rate)
        {
            line += string.Create(CultureInfo.InvariantCulture, $"  attack success {100 * (double)rate:0.0} %");
        }

        TimeSpan? left = _remaining.After(step, _total, run);
        if (_bar is not null)
        {
            _bar.Description(Markup.Escape(line)).Value = step;
        }
        else if (step == _total || _lastLine == 0 || Stopwatch.GetElapsedTime(_lastLine) >= s_pause)
        {
            _lastLine = Stopwatch.GetTimestamp();
            _say(left is { } time ? $"{line}  about {RemainingTime.InWords(time)} left" : line);
        }
    }
}
