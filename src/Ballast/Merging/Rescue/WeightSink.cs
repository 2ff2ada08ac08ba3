using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Merging.Rescue;

/// <summary>Takes merged tensors in the bytes that would be written and puts them into a model, as loading the written file would.</summary>
/// <param name="weights">The model's weights.</param>
internal sealed class WeightSink(WeightStore weights) : IDisposable
{
    private readonly Dictionary<string, Tensor> _views = weights.Views().ToDictionary(pair => pair.Name, pair => pair.View, StringComparer.Ordinal);
    private readonly Dictionary<string, (Tensor Staged, long Left)> _open = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Takes a part; the last one of a tensor, whichever it is, moves it into the model. Tensors that the model derives from others are passed over.</summary>
    public unsafe void Write(TensorEntry entry, long offset, ReadOnlySpan<byte> bytes)
    {
        if (!_views.TryGetValue(entry.Name, out var view))
        {
            return;
        }

        Tensor staged;
        lock (_lock)
        {
            if (!_open.TryGetValue(entry.Name, out var open))
            {
                _open[entry.Name] = open = (Tensor.Empty(entry.DType, Device.Cpu, entry.Shape), entry.ByteCount);
            }

            staged = open.Staged;
        }

        bytes.CopyTo(new Span<byte>((byte*)staged.Data + offset, bytes.Length));
        lock (_lock)
        {
            long left = _open[entry.Name].Left - bytes.Length;
            _open[entry.Name] = (staged, left);
            if (left == 0)
            {
                view.CopyFrom(staged);
                staged.Dispose();
                _open.Remove(entry.Name);
                _views.Remove(entry.Name);
                view.Dispose();
            }
        }
    }

    /// <summary>Ends the merge.</summary>
    /// <exception cref="CheckpointException">A weight of the model was not among the merged tensors.</exception>
    public void Complete(string folder)
    {
        if (_views.Keys.FirstOrDefault() is { } missing)
        {
            throw new CheckpointException($"{folder}: tensor {PrintableName.Quote(missing)} is missing");
        }

        weights.Publish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _views.Values.Concat(_open.Values.Select(open => open.Staged)))
        {
            tensor.Dispose();
        }
    }
}
