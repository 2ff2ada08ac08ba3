using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>Adds up the tensors of a run at each of its moments and finds the largest sum.</summary>
/// <param name="config">The model's shape.</param>
/// <param name="recipe">The run.</param>
/// <param name="dtype">Element type of the passes.</param>
/// <param name="trained">Parameters that training changes; null: all.</param>
internal sealed class MemoryPlan(DecoderConfig config, Recipe recipe, DType dtype, long? trained = null)
{
    private const int TokensPerPass = 8192;  // of LanguageModel.Score
    private const int PromptsPerBatch = 32;  // of GenerationOptions

    private readonly long _weights = trained ?? config.ParameterCount;
    private readonly long _element = dtype.BitSize / 8;

    /// <summary>The moment with the most memory of a run whose files are read.</summary>
    public static MemoryEstimate Of(Recipe recipe, TuneInput input, DType dtype)
    {
        var training = recipe.Training;
        var loader = new BatchLoader(input.Data.Train.Rows, training.BatchSize, training.MicroBatchSize, training.Seed, input.Config.PadTokenId ?? 0, recipe.Data.Packing);
        var largest = loader.Largest();
        int longestPrompt = input.Probe is null ? 0 : PromptLengths.Longest(input.Probe, recipe.Probe!.Prompts, ModelName.Parse(recipe.Model).Folder, input.Config.MaxSeqLen, input.Tokenizer, input.Template);
        return new MemoryPlan(input.Config, recipe, dtype, input.TrainedParameters).Peak(
            new BatchSize(largest.InputIds.Length, largest.Batch, largest.TargetCount), input.Data.Validation?.LongestRow ?? 0, input.Data.Validation?.Tokens ?? 0, longestPrompt);
    }

    /// <summary>The moment with the most memory.</summary>
    /// <param name="batch">Token places, sequences and targets of the largest pass.</param>
    /// <param name="longestValidation">Tokens of the longest row that is held out; 0: none are.</param>
    /// <param name="validationTokens">Tokens of all of them.</param>
    /// <param name="longestPrompt">Tokens of the safety probe's longest prompt; 0: no probe.</param>
    public MemoryEstimate Peak(BatchSize batch, int longestValidation = 0, long validationTokens = 0, int longestPrompt = 0)
    {
        MemoryEstimate[] moments =
        [
            Training(batch),
            .. longestValidation > 0 ? [Validation(longestValidation, validationTokens)] : Array.Empty<MemoryEstimate>(),
            .. longestPrompt > 0 ? [Probe(longestPrompt)] : Array.Empty<MemoryEstimate>(),
            .. recipe.Ema is { Controls: true } ? [Controls(batch)] : Array.Empty<MemoryEstimate>(),
            Of("measuring the matrix product", [.. State(moments: false), new("matrices", 3L * 1024 * 1024 * 4)]),
        ];
        return moments.MaxBy(moment => moment.Total)!;
    }

    private MemoryEstimate Training(BatchSize batch) => Of("forward and backward pass", [.. State(moments: true), .. Pass(batch)]);

    private IEnumerable<MemoryItem> Pass(BatchSize batch)
    {
        bool checkpointing = recipe.Training.ActivationCheckpointing;
        var memory = new ActivationMemory(config, dtype, batch.Places, batch.Places / batch.Sequences);
        yield return new("activations", memory.Saved(checkpointing));
        long logits = memory.Logits(batch.Targets), head = memory.Head(batch.Targets), backward = memory.Backward(checkpointing);
        if (head + logits >= backward)
        {
            yield return new("logits", logits);
        }

        yield return new("working tensors", Math.Max(head, backward - (head + logits >= backward ? logits : 0)));
        yield return new("token ids", 20 * batch.Places);
    }

    private MemoryEstimate Validation(int longest, long tokens)
    {
        long rows = Math.Max(longest, Math.Min(TokensPerPass, tokens));
        var memory = new ActivationMemory(config, dtype, rows, longest);
        return Of("validation", [.. State(moments: true), .. Kept(), new("validation pass", Math.Max(memory.Forward, memory.Head(rows) + memory.Logits(rows)))]);
    }

    private MemoryEstimate Probe(int longest)
    {
        long sequences = Math.Min(PromptsPerBatch, recipe.Probe!.Prompts);
        long places = sequences * Math.Min(longest + recipe.Probe.MaxNewTokens, config.MaxSeqLen);
        long cache = 2 * places * config.NumLayers * config.NumKvHeads * config.HeadDim * _element;
        var memory = new ActivationMemory(config, dtype, sequences * longest, longest);
        return Of("safety probe", [.. State(moments: true), .. Kept(), new("key-value cache", cache), new("probe pass", memory.Forward + sequences * config.VocabSize * _element)]);
    }

    // A control is a run of its own beside what the first still holds.
    private MemoryEstimate Controls(BatchSize batch) =>
        Of("controls of the weight average", [.. State(moments: true), .. State(moments: true, average: false).Select(item => item with { Name = $"control: {item.Name}" }), .. Pass(batch)]);

    private IEnumerable<MemoryItem> State(bool moments, bool average = true)
    {
        yield return new("frozen weights", recipe.Lora is null ? 0 : _element * config.ParameterCount);
        yield return new("weights", 4 * _weights);
        if (dtype is DType.BF16)
        {
            yield return new("weights in bfloat16", 2 * _weights);
        }

        yield return new("gradients", 4 * _weights);
        if (moments)
        {
            yield return new("optimizer moments", 8 * _weights);
        }

        if (average && recipe.Ema is not null)
        {
            yield return new("weight average", 4 * _weights);
            yield return new("aligned weights", 4 * _weights);
        }
    }

    // The weights in training, put aside while the average is asked.
    private IEnumerable<MemoryItem> Kept() => recipe.Ema is null or { Mode: EmaMode.Feedback } ? [] : [new("weights put aside", 4 * _weights)];

    private static MemoryEstimate Of(string moment, IEnumerable<MemoryItem> items) => new(moment, [.. items.Where(item => item.Bytes > 0).OrderByDescending(item => item.Bytes)]);
}

/// <summary>The size of one pass.</summary>
/// <param name="Places">Token places, padding included.</param>
/// <param name="Sequences">Sequences.</param>
/// <param name="Targets">Tokens that are predicted.</param>
internal readonly record struct BatchSize(long Places, long Sequences, long Targets);
