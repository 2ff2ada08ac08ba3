using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;
using Ballast.Models;
using Ballast.Tokenizers;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>Everything about a run that can be checked without training; reads configuration, headers, tokenizer, template, rows and prompts, writes nothing.</summary>
/// <param name="recipe">The run, with its files found.</param>
/// <param name="dataFolder">Where suites named in the recipe are looked for; null: nowhere.</param>
/// <param name="cancellationToken">Ends the reading.</param>
public sealed class Preflight(Recipe recipe, string? dataFolder = null, CancellationToken cancellationToken = default)
{
    private const int Shown = 5;

    private readonly List<string> _problems = [];
    private readonly string _folder = ModelName.Parse(recipe.Model).Folder;

    /// <summary>What the run will take; null when something is too wrong to tell.</summary>
    public RunEstimate? Estimate { get; private set; }

    /// <summary>Checks all of it.</summary>
    /// <returns>One line per problem; empty when the run can start.</returns>
    public IReadOnlyList<string> Problems()
    {
        Try(Tensors);
        Try(Adapter);
        var config = Try(() => DecoderConfig.Parse(ModelFolder.ReadConfig(_folder), Path.Combine(_folder, ModelFolder.ConfigFile)));
        var tokenizer = Try(() => Tokenizer.Load(_folder));
        var template = Try(() => ChatTemplate.TryLoad(_folder));
        if (config is not null && tokenizer?.VocabSize > config.VocabSize)
        {
            _problems.Add($"{_folder}: the tokenizer has ids up to {tokenizer.VocabSize - 1} but the model has {config.VocabSize} embedding rows; they do not belong together");
        }

        Try(() => template?.AssistantSpans(Conversation(), recipe.Data.TemplateVariables.DeepClone().AsObject()));
        if (tokenizer is not null)
        {
            Rows(config?.VocabSize ?? int.MaxValue, tokenizer, template);
            Try(() => Prompts(config, tokenizer, template));
        }

        Try(Output);
        if (_problems.Count == 0)
        {
            Try(Resources);
        }

        return [.. _problems.Distinct()];
    }

    private void Tensors()
    {
        var problems = Decoder.Problems(_folder);
        _problems.AddRange(problems.Take(Shown));
        if (problems.Count > Shown)
        {
            _problems.Add($"{_folder}: {problems.Count} tensors do not fit config.json, the first {Shown} are shown");
        }
    }

    private void Adapter()
    {
        if (ModelName.Parse(recipe.Model) is { Adapter: not null } name)
        {
            AdapterMerge.Open(name).Dispose();
        }
    }

    private static JsonArray Conversation() => new(
        new JsonObject { ["role"] = "user", ["content"] = "Hello" }, new JsonObject { ["role"] = "assistant", ["content"] = "Hello to you" });

    // Each file by itself, so that one broken file does not hide the next; unusable rows are shown, a few of each file.
    private void Rows(int vocabulary, Tokenizer tokenizer, ChatTemplate? template)
    {
        foreach (var part in new[] { recipe.Data.Train, recipe.Data.Validation })
        {
            var bad = new List<string>();
            foreach (var source in part)
            {
                var alone = recipe.Data with { Train = [source], Validation = [], ValidationShare = 0 };
                var lenient = Try(() => TrainingData.Load(alone with { MaxBadRows = int.MaxValue }, tokenizer, template, vocabulary, 0, null, cancellationToken), quiet: true);
                if (lenient is null)
                {
                    Try(() => TrainingData.Load(alone, tokenizer, template, vocabulary, 0, null, cancellationToken));  // its message names the first row
                }

                bad.AddRange(lenient?.Train.Sources[0].BadRows ?? []);
            }

            if (bad.Count > recipe.Data.MaxBadRows)
            {
                _problems.AddRange(bad.Take(Shown));
                _problems.Add($"{bad.Count} rows cannot be used{(bad.Count > Shown ? $", the first {Shown} are shown" : "")}; mend them, or let data.max_bad_rows ({recipe.Data.MaxBadRows}) leave some out");
            }
        }
    }

    private void Prompts(DecoderConfig? config, Tokenizer tokenizer, ChatTemplate? template)
    {
        if (recipe.Probe is { } probe)
        {
            JudgeCatalog.Named(probe.Judge);
            var suite = SuiteLoader.Load(probe.Suite, dataFolder)[0];
            PromptLengths.Longest(suite with { Style = probe.Template ?? suite.Style }, probe.Prompts, _folder, config?.MaxSeqLen ?? int.MaxValue, tokenizer, template);
        }
    }

    // A folder with a run in it is gone on with; anything else in it is in the way.
    private void Output()
    {
        if (!File.Exists(Path.Combine(recipe.Output, RunFolder.FactsFile)))
        {
            RunFolder.CheckFree(recipe.Output);
        }
    }

    private void Resources()
    {
        Estimate = RunEstimate.Of(recipe, dataFolder, cancellationToken);
        DiskSpace.Check(recipe.Output, Estimate.Disk, RunFolder.Large);
        long available = Machine.AvailableMemory;
        if (Estimate.PeakMemory > available)
        {
            _problems.Add($"the run takes about {ByteSize.Text(Estimate.PeakMemory)} of memory and {ByteSize.Text(available)} are available: {Estimate.Memory}; lower training.micro_batch_size "
                + $"({recipe.Training.MicroBatchSize}) or data.max_length ({recipe.Data.MaxLength}), or set training.activation_checkpointing; `ballast estimate` shows what a change brings");
        }
    }

    private void Try(Action check) => Try<object>(() =>
    {
        check();
        return null;
    });

    private T? Try<T>(Func<T?> check, bool quiet = false) where T : class
    {
        try
        {
            return check();
        }
        catch (BallastException fault)
        {
            if (!quiet)
            {
                _problems.AddRange(fault.Message.Split('\n'));
            }
        }
        catch (Ballast.Tensors.TorchException fault) when (fault.OutOfMemory)
        {
            _problems.Add($"{_folder}: the model alone does not fit into memory: {fault.Message}");
        }

        return null;
    }
}
