using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>One walk through the decoder: its inputs on the device and, while generating, the cache.</summary>
internal sealed class Pass : IDisposable
{
    private readonly TensorScope _scope = new();

    public Pass(TokenBatch batch, DType dtype, Device device, KvCache? cache = null)
    {
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

        MaxPosition = positions.Length == 0 ? 0 : positions.Max();
        Ids = OnDevice(Tensor.From<long>(ids, ids.Length));
        Positions = OnDevice(Tensor.From<long>(positions, positions.Length));
        Starts = batch.Starts is null ? null : OnDevice(Tensor.From<int>(batch.Starts, batch.Starts.Length));
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

    /// <summary>I32 [N] or null.</summary>
    public Tensor? Starts { get; }

    public KvCache? Cache { get; }

    /// <summary>A new tensor [N, columns] of the model's type; the caller disposes it.</summary>
    public Tensor NewRows(long columns) => Tensor.Empty(DType, Device, Rows, columns);

    /// <summary>A new tensor for sums, F32 (F64 for an F64 model).</summary>
    public Tensor NewSums(params ReadOnlySpan<long> shape) => Tensor.Empty(DType is DType.F64 ? DType.F64 : DType.F32, Device, shape);

    public void Dispose() => _scope.Dispose();

    private Tensor OnDevice(Tensor tensor)
    {
        _scope.Keep(tensor);
        return Device.IsCpu ? tensor : _scope.Keep(tensor.To(Device));
    }
}
