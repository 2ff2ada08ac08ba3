using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Hub;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tokenizers;

namespace Ballast.Training;

/// <summary>One fine-tuning run from its recipe to its folder: recipe.yaml, run.json, metrics.jsonl, report.html, model/ and, with an average, plain/ and the controls.</summary>
/// <param name="recipe">The recipe, with its files found.</param>
/// <param name="dataFolder">Where suites named in the recipe are looked for; null: nowhere.</param>
/// <param name="started">Told the plan once everything has been read and checked, before anything is written.</param>
/// <param name="progress">Told the metrics of each step.</param>
public sealed class TuneRun(Recipe recipe, string? dataFolder = null, Action<TunePlan>? started = null, Action<JsonObject>? progress = null)
{
    // Folders with weights that the run writes at most.
    private int Models => recipe.Ema is not { } ema ? 1 : 1 + (ema.KeepPlain ? 1 : 0) + (ema.Controls ? 3 : 0);

    /// <summary>Reads everything, trains, checks and writes.</summary>
    /// <param name="cancellationToken">Ends the training after the step in progress; the weights are saved in interrupted/.</param>
    /// <exception cref="BallastException">Something in the recipe, the model or the data is wrong, or the run had to stop; nothing is written before all input is checked.</exception>
    public TuneResult Run(CancellationToken cancellationToken = default)
    {
        RunFolder.CheckFree(recipe.Output);
        var tokenizer = Tokenizer.Load(recipe.Model);
        var template = ChatTemplate.TryLoad(recipe.Model);
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(recipe.Model), Path.Combine(recipe.Model, "config.json"));
        var training = recipe.Training;
        var data = TrainingData.Load(recipe.Data, tokenizer, template, config.VocabSize, training.Seed, null, cancellationToken);
        var suite = recipe.Probe is { } section ? SuiteLoader.Load(section.Suite, dataFolder)[0] : null;
        suite = recipe.Probe?.Template is { } style ? suite! with { Style = style } : suite;
        var loader = new BatchLoader(data.Train.Rows, training.BatchSize, training.MicroBatchSize, training.Seed, config.PadTokenId ?? 0, recipe.Data.Packing);
        int total = training.MaxSteps ?? loader.StepsPerEpoch * training.Epochs!.Value;

        var device = TorchLibrary.DefaultDevice;
        var dtype = ComputeType.Of(training.Precision, device, config);
        var resolved = recipe with { Training = training with { Precision = dtype is DType.BF16 ? Precision.Bfloat16 : Precision.Float32 } };  // what auto measured, so that the folder's recipe repeats the run
        RunFolder.CheckSpace(recipe.Output, Models * 4 * config.ParameterCount);
        using var model = Decoder.Load(recipe.Model, dtype, device, training: true);
        model.ActivationCheckpointing = training.ActivationCheckpointing;
        using var speaker = new LanguageModel("training", model, tokenizer, template, LanguageModel.EndTokens(recipe.Model, config, tokenizer), ownsModel: false);
        using var ema = recipe.Ema is { } options ? new WeightEma(model.Weights, options) : null;
        using var aligned = ema is null ? null : model.Weights.Master.To(device);
        List<TrainingHook> hooks = [new EmaDistance()];
        if (suite is not null)
        {
            hooks.Add(new SafetyProbe(recipe.Probe!, suite, speaker, cancellationToken));
        }

        if (data.Validation is { } validation)
        {
            hooks.Add(new ValidationLoss(training.EvalEvery, validation.Rows, speaker, cancellationToken));
        }

        var facts = Facts(data, total, dtype, device, config);
        double peak = GemmPeak.Measure(dtype, device, 2, 6);
        started?.Invoke(new TunePlan(total, data, dtype, config.ParameterCount, peak, loader.PaddingShare()));

        using var folder = new RunFolder(recipe.Output, resolved);
        folder.WriteFacts(facts);
        var result = new Trainer(model, training, hooks).Train(loader.Steps(), total, ema, Log, cancellationToken);
        foreach (var hook in hooks)
        {
            hook.Dispose();
        }

        facts["steps"] = result.Steps;
        facts["stopped"] = result.Stopped;
        facts["tokens"] = result.Tokens;
        var check = ema is null ? null : EmaCheck.Measure(model.Weights, ema, aligned!, result.LearningRates);
        if (check is not null)
        {
            facts["ema"] = Describe(check);
        }

        folder.WriteFacts(facts);
        if (cancellationToken.IsCancellationRequested)
        {
            ModelSaver.Save(model, ema?.Average, recipe.Model, Path.Combine(folder.Path, "interrupted"), Card(resolved, result, check));
            throw new OperationCanceledException($"interrupted after step {result.Steps} of {total}; the weights are in {Path.Combine(folder.Path, "interrupted")}", cancellationToken);
        }

        check?.Verify();
        string tuned = Path.Combine(folder.Path, "model");
        ModelSaver.Save(model, ema?.Average, recipe.Model, tuned, Card(resolved, result, check));
        if (ema is { Feedback: false } && recipe.Ema!.KeepPlain)
        {
            ModelSaver.Save(model, null, recipe.Model, Path.Combine(folder.Path, "plain"), Card(resolved, result, null));
        }

        if (recipe.Ema is { Controls: true })
        {
            new EmaControls(resolved, dataFolder, progress).Run(folder.Path, model, ema!, aligned!, check!, cancellationToken);
        }

        facts["model_sha256"] = ModelFolder.HashWeights(tuned, cancellationToken);
        folder.WriteFacts(facts);
        TuneReport.Save(folder, facts, resolved.ToYaml(), check);
        return new TuneResult(folder.Path, tuned, result, check);

        void Log(JsonObject metrics)
        {
            metrics["mfu"] = FlopsPerSecond(config, metrics) / peak;
            metrics["peak_mem"] = Environment.WorkingSet;
            if ((int)metrics["step"]! % training.LogEvery == 0 || (int)metrics["step"]! == total)
            {
                folder.Log(metrics);
            }

            progress?.Invoke(metrics);
        }
    }

    // Model FLOPs: 6 per weight and token without the embedding table, plus attention at the longest row, which the peak is compared with.
    private static double FlopsPerSecond(DecoderConfig config, JsonObject metrics)
    {
        double weights = config.ParameterCount - (config.TieWordEmbeddings ? 0 : (double)config.VocabSize * config.HiddenSize);
        return 6 * weights * (double)metrics["tokens_per_second"]!;
    }

    private JsonObject Facts(TrainingData data, int total, DType dtype, Device device, DecoderConfig config) => new()
    {
        ["versions"] = RunVersions.Describe(),
        ["seed"] = recipe.Training.Seed,
        ["precision"] = dtype.SafetensorsName,
        ["device"] = device.ToString(),
        ["model"] = HubName.Shown(recipe.Model),
        ["model_revision"] = HubName.CommitOf(recipe.Model),
        ["base_model_sha256"] = ModelFolder.HashWeights(recipe.Model),
        ["parameters"] = config.ParameterCount,
        ["total_steps"] = total,
        ["train"] = Describe(data.Train),
        ["validation"] = data.Validation is null ? null : Describe(data.Validation),
    };

    private static JsonObject Describe(Dataset data) => new()
    {
        ["rows"] = data.Rows.Count,
        ["tokens"] = data.Tokens,
        ["targets"] = data.Targets,
        ["rows_sha256"] = data.RowsSha256(),
        ["sources"] = new JsonArray([.. data.Sources.Select(source => (JsonNode)new JsonObject
        {
            ["path"] = source.Path,
            ["sha256"] = source.Sha256,
            ["format"] = source.Format,
            ["rows"] = source.Rows,
            ["truncated"] = source.Truncated,
            ["dropped"] = source.Dropped,
            ["bad_rows"] = source.BadRows.Count,
        })]),
    };

    private static JsonObject Describe(EmaCheck check) => new()
    {
        ["decay"] = check.Decay,
        ["updates"] = check.Updates,
        ["average_moved"] = check.AverageMoved,
        ["weights_moved"] = check.WeightsMoved,
        ["effective_lambda"] = check.EffectiveLambda,
        ["predicted_lambda"] = check.PredictedLambda,
    };

    private static string Card(Recipe recipe, TrainingResult result, EmaCheck? check)
    {
        var culture = CultureInfo.InvariantCulture;
        string average = check is null
            ? "The weights are those of the last step."
            : string.Create(culture, $"The weights are the exponential moving average (decay {check.Decay}, {check.Updates} updates, effective lambda {check.EffectiveLambda:0.000}).");
        return string.Create(culture, $"""
            # Tuned with Ballast

            Base: `{HubName.Shown(recipe.Model)}`. {result.Steps} optimizer steps. {average}

            Safety and utility are not implied by tuning: measure them with `ballast eval`.

            ```yaml
            {recipe.ToYaml()}```
            """);
    }
}

/// <summary>What a run is about to do.</summary>
/// <param name="TotalSteps">Optimizer steps.</param>
/// <param name="Data">The rows.</param>
/// <param name="DType">Element type of the passes.</param>
/// <param name="Parameters">Trained parameters.</param>
/// <param name="GemmPeak">Measured matrix-product peak, operations per second.</param>
/// <param name="PaddingShare">Share of padding among the tokens of the first epoch, in [0, 1).</param>
public sealed record TunePlan(int TotalSteps, TrainingData Data, DType DType, long Parameters, double GemmPeak, double PaddingShare);

/// <summary>What a run has made.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Model">The tuned model's folder.</param>
/// <param name="Training">What the loop did.</param>
/// <param name="Ema">What the average did, if there was one.</param>
public sealed record TuneResult(string Folder, string Model, TrainingResult Training, EmaCheck? Ema);
