using Ballast.Models;

namespace Ballast.Data;

/// <summary>Gives out the rows of one optimizer step after another, epoch after epoch, each epoch in its own order.</summary>
/// <remarks>
/// No row is dropped: the last step of an epoch has fewer rows when they do not divide evenly, and no step mixes two epochs.
/// Rows of like length share a pass: those of one step are sorted, longest first, which changes the padding and nothing that is learned.
/// The order of epoch e depends on the seed and e alone, so a loader set to a saved <see cref="Cursor"/> goes on as if it had never stopped.
/// </remarks>
public sealed class BatchLoader
{
    private readonly IReadOnlyList<TokenRow> _rows;
    private readonly int _batchSize;
    private readonly int _microBatchSize;
    private readonly int _padId;
    private readonly ulong? _seed;
    private readonly int? _packedTokens;
    private int[] _order = [];
    private int _orderEpoch = -1;

    /// <summary>Prepares to give out rows.</summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="batchSize">Rows per optimizer step, at least 1.</param>
    /// <param name="microBatchSize">Rows per pass, at least 1.</param>
    /// <param name="seed">Decides the order of every epoch; null: the rows' own order.</param>
    /// <param name="padId">The id past a row's end; any id of the vocabulary, it has no effect on the loss.</param>
    /// <param name="packing">Whether the rows of a step are packed (<see cref="RowPacking"/>) into passes of at most <paramref name="microBatchSize"/> times the longest row's tokens.</param>
    public BatchLoader(IReadOnlyList<TokenRow> rows, int batchSize, int microBatchSize, ulong? seed, int padId = 0, bool packing = false)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatchSize, 1);
        (_rows, _batchSize, _microBatchSize, _seed, _padId) = (rows, batchSize, microBatchSize, seed, padId);
        _packedTokens = packing ? checked(rows.Max(row => row.Length) * microBatchSize) : null;
    }

    /// <summary>Optimizer steps of one epoch.</summary>
    public int StepsPerEpoch => (int)(((long)_rows.Count + _batchSize - 1) / _batchSize);

    /// <summary>Where the next step begins; setting it moves there.</summary>
    public DataCursor Cursor { get; set; }

    /// <summary>The micro-batches of the next optimizer step.</summary>
    public IReadOnlyList<TokenBatch> Next()
    {
        if (Cursor.Index >= _rows.Count)
        {
            Cursor = new DataCursor(Cursor.Epoch + 1, 0);
        }

        (int epoch, int start) = Cursor;
        Cursor = new DataCursor(epoch, Math.Min(start + _batchSize, _rows.Count));
        return [.. MicroBatches(epoch, start).Select(rows => _packedTokens is null ? Pad(rows, _padId) : RowPacking.Pack(rows))];
    }

    /// <summary>The steps from the cursor on, without end.</summary>
    public IEnumerable<IReadOnlyList<TokenBatch>> Steps()
    {
        while (true)
        {
            yield return Next();
        }
    }

    /// <summary>The largest pass that any order of the rows can give: one of the longest rows together.</summary>
    public TokenBatch Largest()
    {
        var longest = _rows.OrderByDescending(row => row.Length).Take(_packedTokens is null ? _microBatchSize : _batchSize);
        return _packedTokens is int limit ? RowPacking.Pack(RowPacking.FirstFit(longest, limit).MaxBy(rows => rows.Sum(row => row.Length))!) : Pad([.. longest], _padId);
    }

    /// <summary>The share of padding among all token places of one epoch, in [0, 1).</summary>
    public double PaddingShare(int epoch = 0)
    {
        long places = 0;
        long tokens = 0;
        for (int start = 0; start < _rows.Count; start += _batchSize)
        {
            foreach (TokenRow[] rows in MicroBatches(epoch, start))
            {
                places += _packedTokens is null ? (long)rows.Length * rows.Max(row => row.Length) : rows.Sum(row => (long)row.Length);
                tokens += rows.Sum(row => (long)row.Length);
            }
        }

        return 1 - ((double)tokens / places);
    }

    /// <summary>Puts rows into one batch, padded on the right to the longest; past a row's end stand the padding id and no target.</summary>
    /// <param name="rows">At least one row.</param>
    /// <param name="padId">Any id of the vocabulary.</param>
    public static TokenBatch Pad(IReadOnlyList<TokenRow> rows, int padId = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        int width = rows.Max(row => row.Length);
        int[] ids = new int[rows.Count * width];
        int[] labels = new int[rows.Count * width];
        Array.Fill(ids, padId);
        Array.Fill(labels, TokenRow.NoTarget);
        for (int i = 0; i < rows.Count; i++)
        {
            rows[i].InputIds.CopyTo(ids, i * width);
            rows[i].Labels.CopyTo(labels, i * width);
        }

        return new TokenBatch(ids, rows.Count, labels, Sources: [.. rows.Select(row => row.Source)], Lengths: [.. rows.Select(row => row.Length)]);
    }

    private IEnumerable<TokenRow[]> MicroBatches(int epoch, int start)
    {
        int end = Math.Min(start + _batchSize, _rows.Count);
        var rows = Order(epoch)[start..end].Select(index => _rows[index]);
        return _packedTokens is int limit ? RowPacking.FirstFit(rows, limit) : rows.OrderByDescending(row => row.Length).Chunk(_microBatchSize);
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
