using Ballast.Chat;
using Ballast.Configs;
using Ballast.Tokenizers;

namespace Ballast.Data;

/// <summary>The rows of a run, ready to train on.</summary>
/// <param name="Train">The rows to learn.</param>
/// <param name="Validation">The rows held out; null when there are none.</param>
public sealed record TrainingData(Dataset Train, Dataset? Validation)
{
    /// <summary>Reads and encodes the rows of a recipe.</summary>
    /// <param name="section">The sources and how rows are made.</param>
    /// <param name="tokenizer">The model's tokenizer; null: rows must be tokens already.</param>
    /// <param name="template">The model's chat template; null: no row may be a conversation.</param>
    /// <param name="vocabSize">The model's embedding rows; no token may be outside.</param>
    /// <param name="seed">The run's seed, which draws the held-out share; 0 is a seed like any other.</param>
    /// <param name="progress">Told the number of rows read so far.</param>
    /// <param name="cancellationToken">Ends the work between two rows.</param>
    /// <exception cref="DataException">A file is broken, more rows than allowed cannot be used, or the model lacks what a format needs; with <c>file:line</c>.</exception>
    public static TrainingData Load(
        DataSection section, Tokenizer? tokenizer, ChatTemplate? template, int vocabSize, ulong seed,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var encoder = new RowEncoder(section, tokenizer, template, vocabSize);
        Dataset train = new DatasetReader(section, encoder, progress, cancellationToken).Read(section.Train);
        if (section.Validation.Count > 0)
        {
            return new TrainingData(train, new DatasetReader(section, encoder, progress, cancellationToken).Read(section.Validation));
        }

        return section.ValidationShare > 0 ? Split(train, section.ValidationShare, seed) : new TrainingData(train, null);
    }

    private static TrainingData Split(Dataset all, double share, ulong seed)
    {
        if (all.Rows.Count < 2)
        {
            throw new DataException("data.validation_share needs at least two rows to hold one out");
        }

        bool[] held = Shuffle.HeldOut(all.Rows.Count, share, seed);
        return new TrainingData(all with { Rows = [.. all.Rows.Where((_, i) => !held[i])] }, all with { Rows = [.. all.Rows.Where((_, i) => held[i])] });
    }
}
