using System.Collections.Concurrent;
using Ballast.Checkpoints;

namespace Ballast.Merging.Streaming;

/// <summary>The hashes of the input tensors that were read whole and found finite.</summary>
internal sealed class InputHashes
{
    private readonly ConcurrentDictionary<InputTensor, byte[]> _known = [];

    /// <summary>Whether a tensor was read.</summary>
    public bool Knows(Checkpoint model, string tensor) => _known.ContainsKey(new InputTensor(model, tensor));

    /// <summary>Keeps a hash.</summary>
    public void Add(Checkpoint model, string tensor, byte[] hash) => _known[new InputTensor(model, tensor)] = hash;

    /// <summary>The hash of a tensor that was read.</summary>
    public byte[] this[Checkpoint model, string tensor] => _known[new InputTensor(model, tensor)];

    /// <summary>Reads tensors whole, for their hashes and to find non-finite values.</summary>
    /// <exception cref="CheckpointException">A value is not finite.</exception>
    public void Verify(IEnumerable<StoredTensor?> tensors, StreamContext context)
    {
        foreach (StoredTensor tensor in tensors.OfType<StoredTensor>())
        {
            Verify(tensor.Model, tensor.Entry, context);
        }
    }

    /// <summary>Reads one tensor, unless it was.</summary>
    /// <exception cref="CheckpointException">A value is not finite.</exception>
    public void Verify(Checkpoint model, TensorEntry entry, StreamContext context)
    {
        if (!Knows(model, entry.Name))
        {
            Add(model, entry.Name, WeightHash.OfTensor(model, entry, context.Threads, checkFinite: true, context.Cancellation));
        }
    }

    /// <summary>The hash of a whole model, as <see cref="ModelFolder.HashWeights(Checkpoint, CancellationToken)"/>; what was not read is read now.</summary>
    public string OfModel(Checkpoint model, StreamContext context) => WeightHash.OfModel(model, entry =>
    {
        Verify(model, entry, context);
        return this[model, entry.Name];
    });

    private sealed record InputTensor(Checkpoint Model, string Tensor);
}
