using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>One walk through the decoder: its inputs on the device and, while generating, the cache.</summary>
internal sealed class Pass : IDisposable
{
    private readonly TensorScope _scope = new();
    private readonly TokenBatch _batch;
    private readonly long[] _positions;
    private readonly Dictionary<int, Tensor> _windows = [];
    private readonly Sight _sight;
    private Tensor? _rotaryRows;

    public Pass(TokenBatch batch, DType dtype, Device device, KvCache? cache = null)
    {
        _batch = batch;
        Batch = batch.Batch;
        Tokens = batch.Tokens;
        DType = dtype;
        Device = device;
        Cache = cache;
        var ids = Array.ConvertAll(batch.InputIds, id => (long)id);
        var positions = new long[ids.Length];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = batch.Positions?[i] ?? i % Tokens;
        }

        _positions = positions;
        MaxPosition = positions.Length == 0 ? 0 : positions.Max();
        Ids = OnDevice(Tensor.From<long>(ids, ids.Length));
        Positions = OnDevice(Tensor.From<long>(positions, positions.Length));
        _sight = batch.Starts is null ? default : Texts(batch.Starts);
    }

    /// <summary>Number of sequences.</summary>
    public long Batch { get; }

    /// <summary>Tokens per sequence.</summary>
    public long Tokens { get; }

    public long Rows => Batch * Tokens;

    public DType DType { get; }

    public Device Device { get; }

    public long MaxPosition { get; }

    /// <summary>I64 [N].</summary>
    public Tensor Ids { get; }

    /// <summary>I64 [N].</summary>
    public Tensor Positions { get; }

    public KvCache? Cache { get; }

    /// <summary>What each token sees of its sequence, or of the cached places while decoding.</summary>
    /// <param name="window">Tokens that a token sees, itself included; null: all before it.</param>
    public Sight Sees(int? window)
    {
        bool decoding = Cache is { Decoding: true };
        if (window is not { } size || size >= (decoding ? MaxPosition + 1 : Tokens))
        {
            return _sight;
        }

        if (!_windows.TryGetValue(size, out var starts))
        {
            var first = new int[_positions.Length];
            for (int i = 0; i < first.Length; i++)
            {
                int place = decoding ? (int)_positions[i] : i % (int)Tokens;
                first[i] = Math.Max(_batch.Starts?[i] ?? 0, place - size + 1);
            }

            starts = OnDevice(Tensor.From<int>(first, first.Length));
            _windows[size] = starts;
        }

        return _sight with { Starts = starts, Window = _sight.Window < 0 ? -1 : size };
    }

    /// <summary>The row of each token in the rotary tables, I64 [N]: its position, or with two rows for each position the second in a text longer than <paramref name="shortLength"/>.</summary>
    public Tensor RotaryRows(int? shortLength)
    {
        if (shortLength is not { } limit)
        {
            return Positions;
        }

        if (_rotaryRows is null)
        {
            int[] lengths = _batch.TextLengths();
            var rows = new long[lengths.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = 2 * _positions[i] + (lengths[i] > limit ? 1 : 0);
            }

            _rotaryRows = OnDevice(Tensor.From<long>(rows, rows.Length));
        }

        return _rotaryRows;
    }

    /// <summary>A new tensor [N, columns] of the model's type; the caller disposes it.</summary>
    public Tensor NewRows(long columns) => Tensor.Empty(DType, Device, Rows, columns);

    /// <summary>A new tensor for sums, F32 (F64 for an F64 model).</summary>
    public Tensor NewSums(params ReadOnlySpan<long> shape) => Tensor.Empty(DType is DType.F64 ? DType.F64 : DType.F32, Device, shape);

    public void Dispose() => _scope.Dispose();

    // Rows packed one behind the other are texts of their own: each token sees from the first of its text on. Other starts have no bounds.
    private Sight Texts(int[] starts)
    {
        var bounds = new List<int>();
        int first = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            int place = i % (int)Tokens;
            if (place == 0 || starts[i] == place)
            {
                bounds.Add(i);
                first = place;
            }

            if (starts[i] != first)
            {
                return new Sight(OnDevice(Tensor.From<int>(starts, starts.Length)), Window: -1);
            }
        }

        bounds.Add(starts.Length);
        return new Sight(
            OnDevice(Tensor.From<int>(starts, starts.Length)), OnDevice(Tensor.From<int>(bounds.ToArray(), bounds.Count)), bounds.Zip(bounds.Skip(1), (from, to) => to - from).Max());
    }

    private Tensor OnDevice(Tensor tensor)
    {
        _scope.Keep(tensor);
        return Device.IsCpu ? tensor : _scope.Keep(tensor.To(Device));
    }
}
