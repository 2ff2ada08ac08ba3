using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Generation;
using Ballast.Models;
using Ballast.Planning;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>The part of a run that one process makes: a loaded model from its state to the end, or to an interruption.</summary>
internal sealed class TuneSession : IDisposable
{
    private readonly Recipe _recipe;
    private readonly string? _dataFolder;
    private readonly TuneInput _input;
    private readonly RunIdentity _identity;
    private readonly Decoder _model;
    private readonly Tensor? _aligned;
    private readonly List<TrainingHook> _hooks = [new EmaDistance()];

    private TuneSession(Recipe recipe, string? dataFolder, TuneInput input, RunIdentity identity, DType dtype, Device device, CancellationToken cancellationToken)
    {
        (_recipe, _dataFolder, _input, _identity) = (recipe, dataFolder, input, identity);
        var training = recipe.Training;
        _model = StartingModel.Load(recipe, dtype, device, cancellationToken);
        _model.ActivationCheckpointing = training.ActivationCheckpointing;
        var ema = recipe.Ema is { } options ? new WeightEma(_model.Trainable, options) : null;
        _aligned = ema is null ? null : _model.Trainable.Master.To(device);
        if (_model.Adapter is { } adapter)
        {
            _hooks.Insert(0, new AdapterDropoutHook(adapter, training.Seed));
        }

        State = new TrainingState(_model.Trainable, training, ema, input.Loader);
        try
        {
            var speaker = new LanguageModel("training", _model, input.Tokenizer, input.Template, LanguageModel.EndTokens(ModelName.Parse(recipe.Model).Folder, input.Config, input.Tokenizer, input.Template), ownsModel: false);
            if (input.Probe is not null)
            {
                _hooks.Add(new SafetyProbe(recipe.Probe!, input.Probe, speaker, cancellationToken));
            }

            if (input.Data.Validation is { } validation)
            {
                _hooks.Add(new ValidationLoss(training.EvalEvery, validation.Rows, speaker, cancellationToken));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Loads the model and prepares the state before the first step; nothing is written.</summary>
    /// <exception cref="RunException">The memory does not hold it; the message says what takes how much and what to change.</exception>
    public static TuneSession Open(Recipe recipe, string? dataFolder, TuneInput input, RunIdentity identity, DType dtype, Device device, CancellationToken cancellationToken)
    {
        try
        {
            return new TuneSession(recipe, dataFolder, input, identity, dtype, device, cancellationToken);
        }
        catch (TorchException fault) when (fault.OutOfMemory)
        {
            throw OutOfMemory.Explain(fault, recipe, input, dtype, "while the model was loaded");
        }
    }

    /// <summary>Where training is.</summary>
    public TrainingState State { get; }

    /// <summary>The largest pass once, before anything is written: what does not fit into memory shows now and not after hours. Neither weights nor optimizer change.</summary>
    /// <exception cref="RunException">It does not fit; the message says what takes how much and what to change.</exception>
    public void Rehearse()
    {
        try
        {
            _model.Adapter?.Dropout.Key = 0;
            _model.Backward(_input.Loader.Largest(), 1);
        }
        catch (TorchException fault) when (fault.OutOfMemory)
        {
            throw OutOfMemory.Explain(fault, _recipe, _input, _model.Weights.DType, "before the first step, on the longest rows");
        }
        finally
        {
            _model.Adapter?.Dropout.Key = null;
            _model.Trainable.ForgetGradients();
        }
    }

    /// <summary>Trains to the end and writes the results.</summary>
    /// <exception cref="RunInterrupted">The run was interrupted; its state is saved.</exception>
    public TuneResult Run(RunFolder folder, RunCheckpoints checkpoints, MetricsLog log, double peak, Action<JsonObject>? progress, CancellationToken cancellationToken)
    {
        var facts = folder.Facts ?? RunFacts.Begin(_input, _identity, _model.Weights.DType, _model.Device);
        if (folder.Facts is not null)
        {
            RunFacts.GoOn(facts, State.Step);
        }

        _identity.Write(folder.Path, facts);
        folder.WriteFacts(facts);
        try
        {
            var result = new Trainer(_model, _recipe.Training, _hooks).Continue(_input.Loader.Steps(), _input.TotalSteps, State, StepDone, cancellationToken);
            log.Flush();
            checkpoints.Save(State, _hooks, _identity);
            return Finish(folder, facts, result, progress, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            log.Flush();
            string saved = checkpoints.Save(State, _hooks, _identity);
            Note(RunFacts.Interrupted);
            throw new RunInterrupted(
                FormattableString.Invariant($"interrupted after step {State.Step} of {_input.TotalSteps}, state saved{(checkpoints.Seconds is { } seconds ? $" in {seconds:0.00} s" : "")} in {saved}; the same command goes on from there"), cancellationToken);
        }
        catch (BallastException fault)
        {
            facts["error"] = fault.Message;
            Note(RunFacts.Failed);
            throw;
        }
        catch (TorchException fault) when (fault.OutOfMemory)
        {
            var explained = OutOfMemory.Explain(fault, _recipe, _input, _model.Weights.DType, $"after step {State.Step}");
            facts["error"] = explained.Message;
            Note(RunFacts.Failed);
            throw explained;
        }

        void StepDone(JsonObject metrics)
        {
            int step = State.Step;
            metrics["mfu"] = FlopsPerToken() * (double)metrics["tokens_per_second"]! / peak;
            metrics["peak_mem"] = Environment.WorkingSet;
            if (step % _recipe.Training.LogEvery == 0 || step == _input.TotalSteps)
            {
                log.Write(metrics);
            }

            progress?.Invoke(metrics);
            checkpoints.AfterStep(State, metrics, _hooks, _identity);
        }

        void Note(string status)
        {
            RunFacts.Progress(facts, status, State.Step, State.Tokens, State.Stopped);
            try
            {
                folder.WriteFacts(facts);
            }
            catch (RunException)
            {
                // The disk that stopped the run takes no note of it either; what stopped it is told.
            }
        }
    }

    // All of it may be done again: the end of the training is a checkpoint, and each folder appears whole or not at all.
    private TuneResult Finish(RunFolder folder, JsonObject facts, TrainingResult result, Action<JsonObject>? progress, CancellationToken cancellationToken)
    {
        RunFacts.Progress(facts, RunFacts.Running, result.Steps, result.Tokens, result.Stopped);
        var ema = State.Ema;
        var check = ema is null ? null : EmaCheck.Measure(_model.Trainable, ema, _aligned!, result.LearningRates);
        facts["ema"] = check is null ? null : RunFacts.Describe(check);
        folder.WriteFacts(facts);
        check?.Verify();

        string path = Path.GetFullPath(folder.Path), tuned = Path.Combine(path, "model");
        ModelSaver.Save(_model, ema?.Average, _recipe.Model, tuned, TuneCard.Write(_recipe, result.Steps, check), cancellationToken);
        if (ema is { Feedback: false } && _recipe.Ema!.KeepPlain)
        {
            ModelSaver.Save(_model, null, _recipe.Model, Path.Combine(path, "plain"), TuneCard.Write(_recipe, result.Steps, null), cancellationToken);
        }

        if (_recipe.Ema is { Controls: true })
        {
            new EmaControls(_recipe, _dataFolder, progress).Run(path, _model, ema!, _aligned!, check!, cancellationToken);
        }

        facts["peak_memory"] = new JsonObject { ["tensors"] = TorchLibrary.PeakBytes, ["process"] = Machine.PeakMemory };
        if (_recipe.Lora is { Merge: true })
        {
            AdapterMergeWriter.Run(new ModelName(ModelName.Parse(_recipe.Model).Folder, tuned), Path.Combine(path, "merged"), new AdapterMergeOptions(Replace: true, Measure: false), null, cancellationToken);
        }

        facts["model_sha256"] = _model.Adapter is null ? ModelFolder.HashWeights(tuned, cancellationToken) : ModelFolder.HashFile(Path.Combine(tuned, AdapterFolder.WeightsFile), cancellationToken);
        facts["status"] = RunFacts.Finished;
        TuneReport.Save(folder.Path, facts);
        folder.WriteFacts(facts);  // last: from here on the run is complete
        return new TuneResult(path, tuned, result, check);
    }

    // Model FLOPs: 6 per weight without the embedding table; attention is left out, so long rows show a little too low.
    private double FlopsPerToken()
    {
        var config = _input.Config;
        return 6 * (config.ParameterCount - (config.TieWordEmbeddings ? 0 : (double)config.VocabSize * config.HiddenSize));
    }

    public void Dispose()
    {
        _hooks.ForEach(hook => hook.Dispose());
        State.Ema?.Dispose();
        State.Dispose();
        _aligned?.Dispose();
        _model.Dispose();
    }
}
