namespace Ballast.Data;

/// <summary>Gives out the rows of one optimizer step after another, epoch after epoch, each epoch in its own order.</summary>
/// <remarks>
/// No row is dropped: the last step of an epoch has fewer rows when they do not divide evenly, and no step mixes two epochs.
/// The order of epoch e depends on the seed and e alone, so a loader set to a saved <see cref="Cursor"/> goes on as if it had never stopped.
/// </remarks>
public sealed class BatchLoader
{
    private readonly IReadOnlyList<TokenRow> _rows;
    private readonly int _batchSize;
    private readonly int _microBatchSize;
    private readonly int _padId;
    private readonly ulong? _seed;
    private int[] _order = [];
    private int _orderEpoch = -1;

    /// <summary>Prepares to give out rows.</summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="batchSize">Rows per optimizer step, at least 1.</param>
    /// <param name="microBatchSize">Rows per pass, at least 1.</param>
    /// <param name="padId">The id past a row's end, any id of the vocabulary.</param>
    /// <param name="seed">Decides the order of every epoch; null: the rows' own order.</param>
    public BatchLoader(IReadOnlyList<TokenRow> rows, int batchSize, int microBatchSize, int padId, ulong? seed)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatchSize, 1);
        (_rows, _batchSize, _microBatchSize, _padId, _seed) = (rows, batchSize, microBatchSize, padId, seed);
    }

    /// <summary>Optimizer steps of one epoch.</summary>
    public int StepsPerEpoch => (int)Math.Ceiling(_rows.Count / (double)_batchSize);

    /// <summary>Where the next step begins; setting it moves there.</summary>
    public DataCursor Cursor { get; set; }

    /// <summary>The micro-batches of the next optimizer step.</summary>
    public IReadOnlyList<Batch> Next()
    {
        if (Cursor.Index >= _rows.Count)
        {
            Cursor = new DataCursor(Cursor.Epoch + 1, 0);
        }

        int end = Math.Min(Cursor.Index + _batchSize, _rows.Count);
        IReadOnlyList<Batch> batches = Cut(Cursor.Epoch, Cursor.Index, end);
        Cursor = Cursor with { Index = end };
        return batches;
    }

    /// <summary>The share of padding among all token places of one epoch, in [0, 1).</summary>
    public double PaddingShare(int epoch = 0)
    {
        long places = 0;
        long tokens = 0;
        for (int start = 0; start < _rows.Count; start += _batchSize)
        {
            int end = Math.Min(start + _batchSize, _rows.Count);
            for (int from = start; from < end; from += _microBatchSize)
            {
                int[] lengths = [.. Order(epoch)[from..Math.Min(from + _microBatchSize, end)].Select(index => _rows[index].Length)];
                places += (long)lengths.Length * lengths.Max();
                tokens += lengths.Sum(length => (long)length);
            }
        }

        return 1 - ((double)tokens / places);
    }

    private List<Batch> Cut(int epoch, int start, int end)
    {
        var batches = new List<Batch>();
        for (int from = start; from < end; from += _microBatchSize)
        {
            TokenRow[] rows = [.. Order(epoch)[from..Math.Min(from + _microBatchSize, end)].Select(index => _rows[index])];
            batches.Add(Batch.Of(rows, _padId));
        }

        return batches;
    }

    private int[] Order(int epoch)
    {
        if (_orderEpoch != epoch)
        {
            _order = _seed is ulong seed ? Shuffle.Order(_rows.Count, seed, (ulong)epoch + 1) : [.. Enumerable.Range(0, _rows.Count)];
            _orderEpoch = epoch;
        }

        return _order;
    }
}
