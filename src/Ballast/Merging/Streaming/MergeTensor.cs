using Ballast.Checkpoints;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>What a method sees of one output tensor: the inputs as streams, its numbers, and passes over all elements on all cores.</summary>
/// <remarks>
/// A tensor is split into parts of about 2^18 elements, these into stretches that are read and written at once, and these into blocks; sums are kept for each part and added in order, so that nothing
/// depends on the number of threads. The first pass also hashes the inputs and looks for non-finite values.
/// </remarks>
internal sealed class MergeTensor
{
    private const int BlockElements = 1 << 14;
    private const int StretchElements = 1 << 17;

    /// <summary>Elements of a part: a subtree of the hashes.</summary>
    public const int PartElements = 1 << 18;

    private readonly IReadOnlyList<TensorSource> _models;
    private readonly TensorSource? _base;
    private readonly StreamContext _context;
    private readonly int _blockLength;
    private readonly int _stretchLength;
    private readonly int _partLength;
    private readonly List<string> _notes = [];
    private bool _verified;

    /// <summary>Prepares the passes.</summary>
    /// <param name="output">Name and shape of the result.</param>
    /// <param name="models">The models' tensors, as large as the result.</param>
    /// <param name="origin">The base's, when one stands apart.</param>
    /// <param name="numbers">The method's numbers.</param>
    /// <param name="wholeRows">True when blocks must hold whole rows.</param>
    /// <param name="context">Threads, seed and hashes.</param>
    public MergeTensor(TensorEntry output, IReadOnlyList<TensorSource> models, TensorSource? origin, MethodNumbers numbers, bool wholeRows, StreamContext context)
    {
        (Output, _models, _base, Numbers, _context) = (output, models, origin, numbers, context);
        Count = output.ElementCount;
        RowLength = RowOf(output);
        _blockLength = BlockOf(output, wholeRows);
        _stretchLength = StretchOf(_blockLength);
        _partLength = wholeRows ? Math.Max(1, PartElements / Math.Max(1, _blockLength)) * _blockLength : PartElements;
        PartCount = Count == 0 ? 0 : checked((int)((Count - 1) / _partLength) + 1);
    }

    /// <summary>The result's name, type and shape.</summary>
    public TensorEntry Output { get; }

    /// <summary>The result's name.</summary>
    public string Name => Output.Name;

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Length of the last dimension.</summary>
    public int RowLength { get; }

    /// <summary>Number of rows.</summary>
    public long Rows => Count / Math.Max(1, RowLength);

    /// <summary>Number of models, not counting a base that stands apart.</summary>
    public int Models => _models.Count;

    /// <summary>Whether a base stands apart.</summary>
    public bool HasBase => _base is not null;

    /// <summary>The method's numbers.</summary>
    public MethodNumbers Numbers { get; }

    /// <summary>The run's seed.</summary>
    public long Seed => _context.Seed;

    /// <summary>Number of parts.</summary>
    public int PartCount { get; }

    /// <summary>What the method noticed.</summary>
    public string Notes => string.Join("; ", _notes);

    /// <summary>Keeps a remark for the model card.</summary>
    public void Note(string text) => _notes.Add(text);

    /// <summary>An error about this tensor.</summary>
    public CheckpointException Fault(string what) => new($"tensor {PrintableName.Quote(Name)}: {what}");

    /// <summary>Adds up <paramref name="count"/> sums over all elements.</summary>
    public double[] Sum(int count, Action<Block, double[]> add)
    {
        double[][] parts = [.. Enumerable.Range(0, PartCount).Select(_ => new double[count])];
        ForEach((block, part) => add(block, parts[part]));
        double[] total = new double[count];
        foreach (double[] part in parts)
        {
            for (int i = 0; i < count; i++)
            {
                total[i] += part[i];
            }
        }

        return total;
    }

    /// <summary>Counts into <paramref name="bins"/> bins over all elements.</summary>
    public long[] Tally(int bins, Action<Block, long[]> count)
    {
        long[] total = new long[bins];
        using ThreadLocal<long[]> own = new(() => new long[bins], trackAllValues: true);
        ForEach((block, _) => count(block, own.Value!));
        foreach (long[] counts in own.Values)
        {
            for (int i = 0; i < bins; i++)
            {
                total[i] += counts[i];
            }
        }

        return total;
    }

    /// <summary>Visits every block once; blocks of a part come in order and from one thread.</summary>
    public void ForEach(Action<Block, int> visit) => Run(PartCount, group => [group], (block, part, _) => visit(block, part));

    /// <summary>Visits every block once; blocks of a group come in order and from one thread.</summary>
    public void ForEachGroup(int groups, Action<Block, int> visit) =>
        Run(groups, group => Enumerable.Range(0, PartCount).Where(part => (long)part * groups / PartCount == group), (block, _, group) => visit(block, group));

    /// <summary>Visits the blocks of one part.</summary>
    public void ForPart(int part, Action<Block> visit)
    {
        using Block block = NewBlock();
        Walk(block, part, null, visit);
    }

    /// <summary>Magnitudes, as bits, of about <paramref name="count"/> elements spread over the tensor.</summary>
    public uint[] Sample(int count, MagnitudeCut.KeyFunction keys)
    {
        const int Run = 128, PieceRuns = 32;
        int runs = count / Run;
        uint[] sample = new uint[runs * Run];
        _context.InParallel((runs + PieceRuns - 1) / PieceRuns, () => new Block(_models, _base, Output.DType, Run, Run), (block, piece) =>
        {
            for (int i = piece * PieceRuns; i < Math.Min(runs, (piece + 1) * PieceRuns); i++)
            {
                long start = (Count - Run) / (runs - 1) * i;
                block.Stretch.Move(start, Run);
                block.Move(start, Run);
                ReadOnlySpan<float> values = keys(block);
                for (int j = 0; j < Run; j++)
                {
                    sample[i * Run + j] = BitConverter.SingleToUInt32Bits(values[j]) & 0x7FFFFFFF;
                }
            }
        });
        return sample;
    }

    /// <summary>What a pass over a planned tensor takes for each thread.</summary>
    public static long BufferBytes(PlannedTensor tensor, bool wholeRows)
    {
        int inputs = tensor.Inputs.Count(), deltas = tensor.Base is null ? 0 : tensor.Models.Count;
        long elements = BlockOf(tensor.Output, wholeRows);
        long hashes = tensor.Inputs.Sum(i => (long)PartElements * i.Entry.DType.BitSize / 8 / Blake3.ChunkBytes * 32);
        long stored = tensor.Inputs.Sum(i => (long)i.Entry.DType.BitSize / 8) + tensor.Output.DType.BitSize / 8;
        return elements * (4 * (inputs + deltas + Block.OwnBuffers) + 8) + StretchOf((int)elements) * stored + hashes;
    }

    private static int RowOf(TensorEntry output) => output.Shape.Length == 0 ? 1 : checked((int)output.Shape[^1]);

    private static int BlockOf(TensorEntry output, bool wholeRows) =>
        wholeRows ? Math.Max(1, BlockElements / Math.Max(1, RowOf(output))) * Math.Max(1, RowOf(output)) : BlockElements;

    private static int StretchOf(int block) => Math.Max(1, StretchElements / block) * block;

    private Block NewBlock() => new(_models, _base, Output.DType, _blockLength, _stretchLength);

    private void Run(int groups, Func<int, IEnumerable<int>> partsOf, Action<Block, int, int> visit)
    {
        InputDigests? digests = null;
        if (!_verified)
        {
            _verified = true;
            StoredTensor?[] stored = [.. _models.Append(_base).Select(s => s as StoredTensor)];
            if (_partLength == PartElements)
            {
                digests = new InputDigests(stored, _context.Hashes);
            }
            else
            {
                _context.Hashes.Verify(stored, _context);
            }
        }

        _context.InParallel(groups, NewBlock, (block, group) =>
        {
            foreach (int part in partsOf(group))
            {
                Walk(block, part, digests, b => visit(b, part, group));
            }
        });
        digests?.Complete();
    }

    private void Walk(Block block, int part, InputDigests? digests, Action<Block> visit)
    {
        long start = (long)part * _partLength, end = Math.Min(Count, start + _partLength);
        InputDigests.Part? digest = digests?.Begin(part);
        for (long at = start; at < end; at += _stretchLength)
        {
            long stop = Math.Min(end, at + _stretchLength);
            block.Stretch.Move(at, (int)(stop - at));
            if (digest is not null)
            {
                block.Stretch.Load((input, bytes) => digest.Add(input, block.Stretch.Start, bytes));
            }

            for (long next = at; next < stop; next += _blockLength)
            {
                block.Move(next, (int)Math.Min(_blockLength, stop - next));
                visit(block);
            }
        }

        digest?.End();
    }
}
