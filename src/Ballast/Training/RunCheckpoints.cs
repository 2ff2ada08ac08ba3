using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;

namespace Ballast.Training;

/// <summary>The checkpoints of one run, RUN/checkpoints/step-N: when one is due, which are kept, and which one a run goes on from.</summary>
/// <param name="run">The run folder.</param>
/// <param name="options">When to save and how many to keep.</param>
/// <param name="say">Told what was saved and what was refused.</param>
internal sealed class RunCheckpoints(string run, CheckpointSection options, Action<string>? say)
{
    /// <summary>A file of this name in the run folder asks for a checkpoint; it is removed once that is written.</summary>
    public const string Trigger = "save";

    private const string Prefix = "step-";

    private readonly string _folder = Path.Combine(run, "checkpoints");
    private readonly HashSet<int> _good = [];
    private long _lastSave = Stopwatch.GetTimestamp();
    private JsonObject? _best;

    /// <summary>Seconds that the last save took; null before the first.</summary>
    public double? Seconds { get; private set; }

    /// <summary>Steps that have a checkpoint folder, rising; whether they are valid is known once they are opened.</summary>
    public static IReadOnlyList<int> Steps(string run)
    {
        string folder = Path.Combine(run, "checkpoints");
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateDirectories(folder, Prefix + "*").Select(path => Path.GetFileName(path)[Prefix.Length..])
                .Where(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Order(),
        ];
    }

    /// <summary>The newest valid checkpoint, or null; a refused one is named with its reason.</summary>
    public RunCheckpoint? Newest(CancellationToken cancellationToken)
    {
        foreach (int step in Steps(run).Reverse())
        {
            try
            {
                return RunCheckpoint.Open(Of(step), cancellationToken);
            }
            catch (BallastException fault)
            {
                say?.Invoke($"checkpoint step {step} is refused, looking for the one before: {fault.Message}");
            }
        }

        return null;
    }

    /// <summary>The checkpoint that a person named by its folder, or the newest valid one of the run folder named.</summary>
    /// <exception cref="CheckpointException">There is none, or it is not valid.</exception>
    public static RunCheckpoint OpenAt(string path, Action<string>? say, CancellationToken cancellationToken) =>
        Steps(path).Count == 0 ? RunCheckpoint.Open(path, cancellationToken)
        : new RunCheckpoints(path, new CheckpointSection(), say).Newest(cancellationToken) ?? throw new CheckpointException($"{path}: no checkpoint in it is valid");

    /// <summary>Takes over the place that the run goes on from.</summary>
    /// <param name="checkpoint">The place.</param>
    /// <param name="byWish">Whether a person named it: then the run's checkpoints beyond it are given up.</param>
    public void GoOnFrom(RunCheckpoint checkpoint, bool byWish)
    {
        _best = (JsonObject?)checkpoint.Best?.DeepClone();
        if (Path.GetFullPath(checkpoint.Folder) == Path.GetFullPath(Of(checkpoint.Step)))
        {
            _good.Add(checkpoint.Step);
        }

        foreach (int later in Steps(run).Where(step => byWish && step > checkpoint.Step))
        {
            DurableFolder.Remove(Of(later));
        }
    }

    /// <summary>Saves after a step where that is due.</summary>
    public void AfterStep(TrainingState state, JsonObject metrics, IReadOnlyList<TrainingHook> hooks, RunIdentity identity)
    {
        bool best = IsBest(state.Step, metrics);
        string trigger = Path.Combine(run, Trigger);
        bool asked = File.Exists(trigger);
        if (best || asked || state.Step % options.Every == 0 || Stopwatch.GetElapsedTime(_lastSave).TotalMinutes >= options.Minutes)
        {
            Save(state, hooks, identity);
        }

        if (asked)
        {
            File.Delete(trigger);
        }
    }

    /// <summary>Saves the state and removes what need not be kept; a step that has a good checkpoint is left as it is.</summary>
    /// <returns>The checkpoint's folder.</returns>
    /// <exception cref="RunException">The state is not finite, or the disk is full or fails; all earlier checkpoints are untouched.</exception>
    public string Save(TrainingState state, IReadOnlyList<TrainingHook> hooks, RunIdentity identity)
    {
        string folder = Of(state.Step);
        if (!_good.Contains(state.Step))
        {
            long began = Stopwatch.GetTimestamp();
            RunCheckpoint.Write(folder, state, hooks, identity, _best);
            _good.Add(state.Step);
            Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            long bytes = Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length);
            say?.Invoke(string.Create(CultureInfo.InvariantCulture, $"checkpoint {folder}: {bytes / 1e6:0.0} MB saved in {Seconds:0.00} s"));
            Rotate(state.Step);
        }

        _lastSave = Stopwatch.GetTimestamp();
        return folder;
    }

    // Older ones beyond the number to keep, and damaged ones that the run has passed again, go; the one just written and the best stay.
    private void Rotate(int newest)
    {
        var keep = Steps(run).Where(step => step <= newest).TakeLast(options.KeepLast).ToHashSet();
        foreach (int step in Steps(run).Where(step => !keep.Contains(step) && step != (int?)_best?["step"]))
        {
            DurableFolder.Remove(Of(step));
            _good.Remove(step);
        }
    }

    private bool IsBest(int step, JsonObject metrics)
    {
        string? name = options.KeepBest switch { BestMetric.EvalLoss => "eval_loss", BestMetric.AsrProbe => "asr_probe", _ => null };
        if (name is null || metrics[name] is not { } measured || ((string?)_best?["metric"] == name && (double)measured >= (double)_best["value"]!))
        {
            return false;
        }

        _best = new JsonObject { ["metric"] = name, ["value"] = (double)measured, ["step"] = step };
        return true;
    }

    private string Of(int step) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step}"));
}
