using Ballast.Adapters;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Evaluation.Suites;
using Ballast.Models;
using Ballast.Tokenizers;

namespace Ballast.Training;

/// <summary>Everything a run reads but the weights.</summary>
/// <param name="Tokenizer">The model's tokenizer.</param>
/// <param name="Template">Its chat template, if it has one.</param>
/// <param name="Config">Its shape.</param>
/// <param name="Data">The rows.</param>
/// <param name="Probe">The safety probe's suite, if there is a probe.</param>
/// <param name="Loader">Gives out the rows, from the first on.</param>
/// <param name="TotalSteps">Optimizer steps of the whole run.</param>
/// <param name="TrainedParameters">Parameters that training changes: all, or the adapter's.</param>
internal sealed record TuneInput(
    Tokenizer Tokenizer, ChatTemplate? Template, DecoderConfig Config, TrainingData Data, Suite? Probe, BatchLoader Loader, int TotalSteps, long TrainedParameters)
{
    /// <summary>Reads the files of a recipe.</summary>
    /// <exception cref="BallastException">Something in the model or the data is wrong.</exception>
    public static TuneInput Read(Recipe recipe, string? dataFolder, CancellationToken cancellationToken)
    {
        var training = recipe.Training;
        string folder = ModelName.Parse(recipe.Model).Folder;
        var tokenizer = Tokenizer.Load(folder);
        var template = ChatTemplate.TryLoad(folder);
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(folder), Path.Combine(folder, "config.json"));
        var data = TrainingData.Load(recipe.Data, tokenizer, template, config.VocabSize, training.Seed, null, cancellationToken);
        var suite = recipe.Probe is { } probe ? SuiteLoader.Load(probe.Suite, dataFolder)[0] : null;
        suite = recipe.Probe?.Template is { } style ? suite! with { Style = style } : suite;
        var loader = new BatchLoader(data.Train.Rows, training.BatchSize, training.MicroBatchSize, training.Seed, config.PadTokenId ?? 0, recipe.Data.Packing);
        return new TuneInput(tokenizer, template, config, data, suite, loader, training.MaxSteps ?? loader.StepsPerEpoch * training.Epochs!.Value, Trained(recipe, folder, config));
    }

    /// <summary>Parameters that a recipe trains of a model in this folder.</summary>
    public static long Trained(Recipe recipe, string folder, DecoderConfig config)
    {
        if (recipe.Lora is not { } lora)
        {
            return config.ParameterCount;
        }

        using var headers = Checkpoint.Open(folder);
        var shapes = headers.Entries.Values.Select(entry => (entry.Name, entry.Shape)).ToList();
        return AdapterPlan.Of(lora.ToConfig(folder), shapes, config.TieWordEmbeddings).Parameters(shapes, lora.UseDora);
    }
}
