using Ballast.Adapters;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tokenizers;

namespace Ballast.Generation;

/// <summary>A model folder ready to answer: decoder, tokenizer, chat template and end tokens.</summary>
public sealed class LanguageModel : ILanguageModel
{
    private const int TokensPerPass = 8192;

    private readonly bool _ownsModel;

    /// <summary>Joins the parts of a model.</summary>
    /// <param name="name">Name for reports.</param>
    /// <param name="model">The decoder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="template">Its chat template, if it has one.</param>
    /// <param name="stopIds">Tokens that end a reply.</param>
    /// <param name="ownsModel">Whether disposing this disposes the decoder.</param>
    /// <exception cref="CheckpointException">The tokenizer has ids beyond the embedding rows.</exception>
    public LanguageModel(string name, Decoder model, Tokenizer tokenizer, ChatTemplate? template, IReadOnlySet<int> stopIds, bool ownsModel = true)
    {
        if (tokenizer.VocabSize > model.Config.VocabSize)
        {
            throw new CheckpointException(
                $"{name}: the tokenizer has ids up to {tokenizer.VocabSize - 1} but the model has {model.Config.VocabSize} embedding rows; they do not belong together");
        }

        (Name, Model, Tokenizer, Template, StopIds, _ownsModel) = (name, model, tokenizer, template, stopIds, ownsModel);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The decoder.</summary>
    public Decoder Model { get; }

    /// <inheritdoc/>
    public Tokenizer Tokenizer { get; }

    /// <inheritdoc/>
    public ChatTemplate? Template { get; }

    /// <summary>Tokens that end a reply: those of generation_config.json or config.json, the tokenizer's end token, and the one that the template ends a turn with.</summary>
    public IReadOnlySet<int> StopIds { get; }

    /// <inheritdoc/>
    public int MaxLength => Model.Config.MaxSeqLen;

    /// <summary>Reads a model folder, or FOLDER+ADAPTER; tokenizer and template are the base's. <paramref name="cancellationToken"/> ends it between two tensors.</summary>
    /// <exception cref="BallastException">A part is missing, damaged or not supported.</exception>
    public static LanguageModel Load(string model, DType dtype = DType.F32, Device? device = null, CancellationToken cancellationToken = default)
    {
        var name = ModelName.Parse(model);
        string folder = name.Folder;
        // Cheap parts first, so that a fault shows before the weights are read.
        var tokenizer = Tokenizer.Load(folder);
        var template = ChatTemplate.TryLoad(folder);
        var decoder = Decoder.Load(model, dtype, device, cancellationToken: cancellationToken);
        try
        {
            return new LanguageModel(ModelName.Map(model, part => Path.GetFileName(Path.GetFullPath(part))), decoder, tokenizer, template, EndTokens(folder, decoder.Config, tokenizer, template));
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>Tokens that end a reply of the model in this folder.</summary>
    public static IReadOnlySet<int> EndTokens(string folder, DecoderConfig config, Tokenizer tokenizer, ChatTemplate? template)
    {
        string file = Path.Combine(folder, "generation_config.json");
        var ids = File.Exists(file) ? new ConfigReader(JsonFile.ReadObject(file), file).Tokens("eos_token_id") : [];
        var end = (ids.Count > 0 ? ids : config.EosTokenIds).ToHashSet();
        if (tokenizer.EosId is { } eos)
        {
            end.Add(eos);
        }

        if (template?.EndOfTurn() is { } text && tokenizer.Encode(text) is [int turn, ..] && tokenizer.IsSpecial(turn))
        {
            end.Add(turn);
        }

        return end;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Reply> Generate(
        IReadOnlyList<int[]> prompts, GenerationOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < prompts.Count; i++)
        {
            CheckPrompt(prompts[i], $"prompt {i + 1}");
        }

        var replies = new Reply[prompts.Count];
        var decoding = new Decoding(Model, StopIds);
        var byLength = prompts.Select((ids, index) => (index, ids)).OrderByDescending(p => p.ids.Length).ThenBy(p => p.index);
        int done = 0;
        foreach (var batch in byLength.Chunk(options.BatchSize))
        {
            foreach (var (index, tokens, stopped) in decoding.Run(batch, options, null, cancellationToken))
            {
                replies[index] = new Reply(tokens, Tokenizer.Decode(tokens, skipSpecialTokens: true), stopped);
            }

            done += batch.Length;
            progress?.Report(done);
        }

        return replies;
    }

    /// <summary>Answers one prompt and hands out its text as it appears.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="options">How to decode.</param>
    /// <param name="text">Receives each new piece of text.</param>
    /// <param name="cancellationToken">Ends the reply between two tokens.</param>
    public Reply Stream(int[] prompt, GenerationOptions options, Action<string> text, CancellationToken cancellationToken = default)
    {
        CheckPrompt(prompt, "the prompt");
        var stream = Tokenizer.DecodeStream(skipSpecialTokens: true);
        var (_, tokens, stopped) = new Decoding(Model, StopIds).Run([(0, prompt)], options, Arrived, cancellationToken)[0];
        if (stream.Flush() is { Length: > 0 } rest)
        {
            text(rest);
        }

        return new Reply(tokens, Tokenizer.Decode(tokens, skipSpecialTokens: true), stopped);

        void Arrived(int index, int token)
        {
            if (stream.Push(token) is { } piece)
            {
                text(piece);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<RowScore> Score(IReadOnlyList<TokenRow> rows, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var scores = new RowScore[rows.Count];
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderByDescending(i => rows[i].Length)];
        for (int done = 0; done < order.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Clamp(TokensPerPass / Math.Max(1, rows[order[done]].Length), 1, order.Length - done);
            int[] part = order[done..(done + count)];
            var result = Model.Score(BatchLoader.Pad([.. part.Select(i => rows[i])]));
            for (int i = 0; i < part.Length; i++)
            {
                scores[part[i]] = new RowScore(result.LossSum[i], result.Targets[i], result.Correct[i]);
            }

            done += count;
            progress?.Report(done);
        }

        return scores;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsModel)
        {
            Model.Dispose();
        }
    }

    private void CheckPrompt(int[] prompt, string what)
    {
        if (prompt.Length == 0)
        {
            throw new DataException($"{what} has no tokens; expected at least one");
        }

        if (prompt.Length >= MaxLength)
        {
            throw new DataException($"{what} has {prompt.Length} tokens; {Name} takes {MaxLength}, the reply included: shorten the prompt");
        }
    }
}
