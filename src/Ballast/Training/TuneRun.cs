using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>One fine-tuning run from its recipe to its folder: recipe.yaml, run.json, metrics.jsonl, tensorboard/, checkpoints/, report.html, model/ and, with an average, plain/ and the controls.</summary>
/// <remarks>The same call goes on with a run that was interrupted, whatever interrupted it, and ends in the same weights; of a complete run it changes nothing.</remarks>
/// <param name="recipe">The recipe, with its files found.</param>
/// <param name="dataFolder">Where suites named in the recipe are looked for; null: nowhere.</param>
/// <param name="started">Told the plan once everything has been read and checked, before anything is written.</param>
/// <param name="progress">Told the metrics of each step.</param>
/// <param name="resume">Where to begin when the folder holds a run; <see cref="Resume.Auto"/> when null.</param>
/// <param name="say">Told in one line each what a person should know: where the run goes on, what was saved, what was refused.</param>
public sealed class TuneRun(
    Recipe recipe, string? dataFolder = null, Action<TunePlan>? started = null, Action<JsonObject>? progress = null, Resume? resume = null, Action<string>? say = null)
{
    /// <summary>Reads everything, trains, checks and writes.</summary>
    /// <param name="cancellationToken">Ends the run as soon as its state is saved.</param>
    /// <exception cref="BallastException">Something in the recipe, the model or the data is wrong, the folder holds another run, or the run had to stop; nothing is written before all input is checked.</exception>
    /// <exception cref="OperationCanceledException">The run was interrupted; the message says how to go on.</exception>
    public TuneResult Run(CancellationToken cancellationToken = default)
    {
        if (resume is { Allowed: false })
        {
            RunFolder.CheckFree(recipe.Output);
        }

        var folder = RunFolder.Find(recipe.Output);
        try
        {
            return Run(ref folder, cancellationToken);
        }
        catch (OperationCanceledException fault) when (cancellationToken.IsCancellationRequested && fault is not RunInterrupted)
        {
            throw new RunInterrupted($"interrupted before a step was made; nothing was lost, the same command {(folder is null ? "begins again" : "goes on")}", cancellationToken);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    private TuneResult Run(ref RunFolder? folder, CancellationToken cancellationToken)
    {
        var input = TuneInput.Read(recipe, dataFolder, cancellationToken);
        var device = TorchLibrary.DefaultDevice;
        var before = folder?.Facts is { } facts ? RunIdentity.Read(folder.Path, facts) : null;

        // What auto measured once is settled: the folder's recipe repeats the run, and a resumed one does not measure again.
        var precision = recipe.Training.Precision is Precision.Auto && before is not null ? before.Recipe.Training.Precision : recipe.Training.Precision;
        var dtype = ComputeType.Of(precision, device, input.Config);
        var resolved = recipe with { Training = recipe.Training with { Precision = dtype is DType.BF16 ? Precision.Bfloat16 : Precision.Float32 } };
        var identity = RunIdentity.Of(resolved, input.Data, input.Probe, cancellationToken);
        if (before is not null)
        {
            identity.CheckSame(before, recipe.Output);
            if ((string?)folder!.Facts!["status"] == RunFacts.Finished)
            {
                say?.Invoke($"{recipe.Output}: this run is complete; nothing was changed");
                return TuneResult.Of(folder, resolved, input.TotalSteps);
            }
        }

        var checkpoints = new RunCheckpoints(recipe.Output, resolved.Checkpoints, say);
        var checkpoint = resume?.From is { } from ? RunCheckpoints.OpenAt(from, say, cancellationToken) : checkpoints.Newest(cancellationToken);
        if (checkpoint is not null)
        {
            identity.CheckSame(checkpoint.Identity, checkpoint.Folder);
        }

        int kept = RunCheckpoints.Steps(recipe.Output).Count;
        DiskSpace.Check(recipe.Output, DiskUse.Of(resolved, input.TrainedParameters, dtype, kept).Total, RunFolder.Large);
        using var session = TuneSession.Open(resolved, dataFolder, input, identity, dtype, device, cancellationToken);
        checkpoint?.Restore(session.State);
        session.Rehearse();
        double peak = GemmPeak.Known(dtype, device);
        started?.Invoke(new TunePlan(input.TotalSteps, input.Data, dtype, input.TrainedParameters, peak, input.Loader.PaddingShare(), session.State.Step));

        folder ??= RunFolder.Create(recipe.Output);
        folder.Sweep();
        if (checkpoint is not null)
        {
            say?.Invoke($"going on after step {checkpoint.Step} of {input.TotalSteps}, from {checkpoint.Folder}");
            checkpoints.GoOnFrom(checkpoint, byWish: resume?.From is not null);
            if (folder.Facts?["versions"] is JsonObject then && RunVersions.Changes(then) is { Length: > 0 } changes)
            {
                say?.Invoke($"{changes}: sums may be rounded differently from here on, so the last bits may not be those of an uninterrupted run");
            }
        }

        using var log = new MetricsLog(folder.Path, checkpoint?.MeasuredStep ?? 0);
        return session.Run(folder, checkpoints, log, peak, progress, cancellationToken);
    }
}

/// <summary>What a run is about to do.</summary>
/// <param name="TotalSteps">Optimizer steps.</param>
/// <param name="Data">The rows.</param>
/// <param name="DType">Element type of the passes.</param>
/// <param name="Parameters">Trained parameters.</param>
/// <param name="GemmPeak">Measured matrix-product peak, operations per second.</param>
/// <param name="PaddingShare">Share of padding among the tokens of the first epoch, in [0, 1).</param>
/// <param name="DoneSteps">Steps that an earlier process made already.</param>
public sealed record TunePlan(int TotalSteps, TrainingData Data, DType DType, long Parameters, double GemmPeak, double PaddingShare, int DoneSteps = 0);

/// <summary>What a run has made.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Model">The tuned model's folder.</param>
/// <param name="Training">What the loop did.</param>
/// <param name="Ema">What the average did, if there was one.</param>
public sealed record TuneResult(string Folder, string Model, TrainingResult Training, EmaCheck? Ema)
{
    /// <summary>The result of a run that is complete, from its folder.</summary>
    internal static TuneResult Of(RunFolder folder, Recipe recipe, int total)
    {
        var facts = folder.Facts!;
        int steps = (int)facts["steps"]!;
        var schedule = LearningRate.Of(recipe.Training, total);
        var training = new TrainingResult(steps, [.. Enumerable.Range(0, steps).Select(schedule.At)], (long)facts["tokens"]!, (string?)facts["stopped"]);
        return new TuneResult(Path.GetFullPath(folder.Path), Path.Combine(Path.GetFullPath(folder.Path), "model"), training, RunFacts.ReadEma(facts));
    }
}

/// <summary>An interruption whose message says how to go on.</summary>
internal sealed class RunInterrupted(string message, CancellationToken cancellationToken) : OperationCanceledException(message, cancellationToken);
