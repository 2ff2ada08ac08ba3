using Ballast.Checkpoints;
using Ballast.Merging.Config;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging.Vocabularies;

/// <summary>The rows that an output row of an embedding is the mean of; none: zeros.</summary>
internal readonly record struct RowSource(IReadOnlyList<(InputModel Model, int Row)> Rows);

/// <summary>The output's vocabulary, and where each of its rows comes from in each model.</summary>
/// <remarks>
/// A token that a model lacks takes the row that the file names for it; else that of the only model that has it; else the base's; else the mean of those
/// that have it; else zeros. Rows added to reach a multiple are the mean of the model's rows. Then the method merges as ever.
/// </remarks>
internal sealed class VocabularyPlan
{
    private readonly Dictionary<InputModel, RowSource[]> _rows = [];
    private readonly Dictionary<InputModel, TokenizerFile> _tokenizers;
    private readonly List<string> _notes = [];

    private VocabularyPlan(VocabularyOptions options, InputModel donor, IReadOnlyList<InputModel> models, InputModel? origin, IReadOnlyDictionary<ModelReference, InputModel> all)
    {
        Donor = donor;
        _tokenizers = all.Values.Distinct().ToDictionary(m => m, m => TokenizerFile.Read(m.Reference.Folder));
        Tokenizer = TokenizerFile.Read(donor.Reference.Folder);
        Dictionary<int, string> texts = Tokenizer.Ids.Where(t => t.Value < Rows(donor)).ToDictionary(t => t.Value, t => t.Key);
        if (texts.Count < Tokenizer.Ids.Count)
        {
            _notes.Add($"{donor.Reference}: {Tokenizer.Ids.Count - texts.Count} tokens have no row and no share in the merge");
        }

        int next = texts.Count == 0 ? 0 : texts.Keys.Max() + 1;
        foreach (InputModel model in options.Union ? models.Where(m => m != donor) : [])
        {
            Join(model, texts, ref next);
        }

        foreach (string token in options.Tokens.Keys.Where(t => !Tokenizer.Ids.ContainsKey(t)))
        {
            Tokenizer.AddSpecial(token, next, _tokenizers.Values.Select(t => t.Added(token)).FirstOrDefault(a => a is not null));
            texts[next++] = token;
        }

        TokenCount = next;
        RowCount = (next + options.PadToMultipleOf - 1) / options.PadToMultipleOf * options.PadToMultipleOf;
        foreach (InputModel model in models)
        {
            _rows[model] = [.. Enumerable.Range(0, next).Select(id => Row(model, id, texts.GetValueOrDefault(id), options, models, origin, all))];
        }
    }

    /// <summary>The model whose tokenizer the output's begins with.</summary>
    public InputModel Donor { get; }

    /// <summary>The output's tokenizer.</summary>
    public TokenizerFile Tokenizer { get; }

    /// <summary>Number of tokens.</summary>
    public int TokenCount { get; }

    /// <summary>Number of rows of the output's embedding.</summary>
    public int RowCount { get; }

    /// <summary>What people should know.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Plans the output's vocabulary.</summary>
    /// <param name="options">What the file asks for.</param>
    /// <param name="models">The models that are merged, in the order of the file.</param>
    /// <param name="origin">The base, or null.</param>
    /// <param name="all">Every open model.</param>
    /// <exception cref="TokenizerException">A tokenizer is missing or of another kind.</exception>
    /// <exception cref="ConfigException">A token's source does not exist.</exception>
    public static VocabularyPlan Create(VocabularyOptions options, IReadOnlyList<InputModel> models, InputModel? origin, IReadOnlyDictionary<ModelReference, InputModel> all) =>
        new(options, options.Source is { } source ? all[source] : origin ?? models[0], models, origin, all);

    /// <summary>Whether a tensor has a row for each token.</summary>
    public static bool IsVocabulary(string tensor) => tensor is InputModel.Head or "model.embed_tokens.weight" or "lm_head.bias" || tensor.EndsWith(".embed_tokens.weight", StringComparison.Ordinal)
        || tensor.EndsWith("wte.weight", StringComparison.Ordinal);

    /// <summary>The shape of a tensor once its rows are those of the output's tokens.</summary>
    public long[] ShapeOf(PlannedInput input) => IsVocabulary(input.Name) ? [RowCount, .. input.Entry.Shape.AsSpan(1)] : input.Entry.Shape;

    /// <summary>The rows of a model's tensor in the order of the output's tokens.</summary>
    public TensorSource Source(PlannedInput input, DType? rounding) => new RowTensor(input, _rows[input.Model], RowCount, rounding);

    /// <summary>Every stored tensor that rows of this tensor come from.</summary>
    public IEnumerable<StoredTensor> Stored(PlannedInput input) => _rows[input.Model].SelectMany(r => r.Rows ?? []).Select(r => r.Model).Append(input.Model).Distinct()
        .Select(model => new StoredTensor(model.Weights, model.Find(input.Name) ?? throw new CheckpointException($"{model.Reference.Folder}: there is no tensor {PrintableName.Quote(input.Name)} to take rows from")));

    private static int Rows(InputModel model) => (int)(model.Weights.Entries.Values.FirstOrDefault(e => IsVocabulary(e.Name) && e.Name != InputModel.Head)?.Shape[0]
        ?? throw new CheckpointException($"{model.Reference.Folder}: there is no embedding whose rows could follow a tokenizer"));

    private void Join(InputModel model, Dictionary<int, string> texts, ref int next)
    {
        int ordinary = 0;
        foreach (string token in _tokenizers[model].Ids.Where(t => t.Value < Rows(model)).OrderBy(t => t.Value).Select(t => t.Key))
        {
            if (Tokenizer.Ids.ContainsKey(token))
            {
                continue;
            }

            if (_tokenizers[model].Added(token) is { } settings)
            {
                Tokenizer.AddSpecial(token, next, settings);
            }
            else
            {
                Tokenizer.AddOrdinary(token, next);
                ordinary++;
            }

            texts[next++] = token;
        }

        if (ordinary > 0)
        {
            _notes.Add($"{model.Reference}: {ordinary} ordinary tokens join the vocabulary; texts are cut by the rules of {Donor.Reference}, which never lead to them");
        }
    }

    private RowSource Row(
        InputModel model, int id, string? token, VocabularyOptions options, IReadOnlyList<InputModel> models, InputModel? origin, IReadOnlyDictionary<ModelReference, InputModel> all)
    {
        if (token is null)
        {
            // An id between others that stands for no token: the donor's row, whatever it holds.
            return new RowSource(id < Rows(Donor) ? [(Donor, id)] : []);
        }

        int? own = Find(model, token);
        TokenOptions? wanted = options.Tokens.GetValueOrDefault(token);
        if (wanted is { IsZero: true } or { Model: not null } && (wanted.Force || own is null))
        {
            return new RowSource(wanted.IsZero ? [] : [(all[wanted.Model!], Wanted(wanted, token, all[wanted.Model!]))]);
        }

        if (own is { } row)
        {
            return new RowSource([(model, row)]);
        }

        List<(InputModel Model, int Row)> owners = [.. models.Select(m => (Model: m, Row: Find(m, token))).Where(m => m.Row is not null).Select(m => (m.Model, m.Row!.Value))];
        if (owners.Count == 0 && model == models[0])
        {
            _notes.Add($"no model has the token {PrintableName.Quote(token)}: its rows are zeros");
        }

        return new RowSource(origin is not null && owners.Any(o => o.Model == origin) ? [owners.First(o => o.Model == origin)] : owners);
    }

    private int? Find(InputModel model, string token) => _tokenizers[model].Ids.TryGetValue(token, out int id) && id < Rows(model) ? id : null;

    private int Wanted(TokenOptions wanted, string token, InputModel model)
    {
        int? row = wanted.TokenId ?? Find(model, wanted.Token ?? token);
        return row is { } found && found >= 0 && found < Rows(model) ? found
            : throw new ConfigException($"tokenizer.tokens: {PrintableName.Quote(token)}: {model.Reference} has no row for the token "
                + (wanted.TokenId is { } id ? $"of id {id}, it has {Rows(model)} rows" : PrintableName.Quote(wanted.Token ?? token)));
    }
}
