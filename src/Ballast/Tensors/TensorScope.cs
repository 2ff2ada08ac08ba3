namespace Ballast.Tensors;

/// <summary>Frees the temporaries it was given when it is disposed: <c>using var scope = new TensorScope(); var y = scope.Keep(...)</c>.</summary>
public sealed class TensorScope : IDisposable
{
    private readonly List<Tensor> _kept = [];

    /// <summary>Takes ownership of a tensor and returns it.</summary>
    public Tensor Keep(Tensor tensor)
    {
        _kept.Add(tensor);
        return tensor;
    }

    /// <summary>A new tensor owned by this scope; its values are undefined.</summary>
    public Tensor Empty(DType dtype, params ReadOnlySpan<long> shape) => Keep(Tensor.Empty(dtype, Device.Cpu, shape));

    /// <summary>A new tensor on a device owned by this scope; its values are undefined.</summary>
    public Tensor Empty(DType dtype, Device device, params ReadOnlySpan<long> shape) => Keep(Tensor.Empty(dtype, device, shape));

    /// <summary>Frees the tensors, the latest first.</summary>
    public void Dispose()
    {
        for (int i = _kept.Count - 1; i >= 0; i--)
        {
            _kept[i].Dispose();
        }

        _kept.Clear();
    }
}
