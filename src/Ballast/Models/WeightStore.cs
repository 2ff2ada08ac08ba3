using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>All weights of a model in a few flat tensors, so that the optimizer and the average pass over memory once.</summary>
/// <remarks>Matrices come first (they decay), vectors last. With BF16 there is an F32 master copy when training.</remarks>
public sealed class WeightStore : IDisposable
{
    private readonly List<Tensor> _owned = [];

    internal WeightStore(IReadOnlyList<Weight> weights, DType dtype, Device device, bool training)
    {
        Weights = [.. weights.Where(w => w.IsMatrix), .. weights.Where(w => !w.IsMatrix)];
        DType = dtype;
        MatrixCount = Weights.Where(w => w.IsMatrix).Sum(w => w.Count);
        long count = Weights.Sum(w => w.Count);
        bool half = training && dtype is DType.BF16;
        Master = Own(Tensor.Empty(half ? DType.F32 : dtype, device, count));
        Value = half ? Own(Tensor.Empty(dtype, device, count)) : Master;
        Grad = training ? Own(Tensor.Empty(Master.DType, device, count)) : null;
        long offset = 0;
        foreach (var weight in Weights)
        {
            weight.Bind(Slice(Value, weight, offset), Slice(Master, weight, offset), Grad is null ? null : Slice(Grad, weight, offset));
            offset += weight.Count;
        }
    }

    /// <summary>The weights in storage order.</summary>
    public IReadOnlyList<Weight> Weights { get; }

    /// <summary>Type the model computes with.</summary>
    public DType DType { get; }

    /// <summary>Elements of the matrices: the part of the flat tensors that decays.</summary>
    public long MatrixCount { get; }

    /// <summary>All values the model computes with, flat.</summary>
    public Tensor Value { get; }

    /// <summary>All values the optimizer changes, flat; <see cref="Value"/> itself unless that is BF16.</summary>
    public Tensor Master { get; }

    /// <summary>All gradients, flat; null when the model only infers.</summary>
    public Tensor? Grad { get; }

    /// <summary>Hugging Face names and shapes, in storage order.</summary>
    public IEnumerable<(string Name, long[] Shape)> Names =>
        from weight in Weights from slice in weight.Slices select (slice.Name, weight.IsMatrix ? new[] { slice.Rows, weight.Shape[1] } : [slice.Rows]);

    /// <summary>Each checkpoint tensor as a view of the masters, or of a flat tensor laid out like them. Dispose each view.</summary>
    public IEnumerable<(string Name, Tensor View)> Views(Tensor? flat = null)
    {
        long offset = 0;
        foreach (var weight in Weights)
        {
            using var whole = Slice(flat ?? Master, weight, offset);
            foreach (var pair in weight.Views(whole))
            {
                yield return pair;
            }

            offset += weight.Count;
        }
    }

    /// <summary>Marks every gradient as zero.</summary>
    public void ForgetGradients()
    {
        foreach (var weight in Weights)
        {
            weight.ForgetGradient();
        }
    }

    /// <summary>Clears gradients that nothing was added to, so that the flat gradient is whole before the optimizer reads it.</summary>
    internal void CompleteGradients()
    {
        foreach (var weight in Weights)
        {
            _ = weight.Accumulator();
        }
    }

    /// <summary>Told whenever the values changed, for what is derived from them.</summary>
    internal Action? Changed { get; set; }

    /// <summary>Copies the masters to the values the model computes with (nothing to copy unless those are BF16) and tells what is derived from them.</summary>
    internal void Publish()
    {
        if (!ReferenceEquals(Value, Master))
        {
            Value.CopyFrom(Master);
        }

        Changed?.Invoke();
    }

    /// <summary>Fills the weights from a checkpoint.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, unknown, or has another shape or a type that holds no numbers.</exception>
    internal void Load(Checkpoint checkpoint, IReadOnlySet<string> mayBePresent, CancellationToken cancellationToken = default)
    {
        if (CheckpointFit.Problems(Names, checkpoint, mayBePresent).FirstOrDefault() is string problem)
        {
            throw new CheckpointException(problem);
        }

        foreach (var (name, view) in Views())
        {
            using (view)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Fill(view, checkpoint.Content(name), checkpoint.Entries[name]);
            }
        }

        Publish();
    }

    /// <summary>Draws new weights: matrices from N(0, deviation^2) by a seed of their own name, norms one value, biases 0.</summary>
    internal void Initialize(double deviation, double norm, ulong seed)
    {
        foreach (var (name, view) in Views())
        {
            using (view)
            {
                if (view.Shape.Length == 2)
                {
                    view.FillNormal(deviation, seed ^ Hash.Of(name));
                }
                else
                {
                    view.Fill(name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : norm);
                }
            }
        }

        Publish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in Weights)
        {
            weight.Release();
        }

        foreach (var tensor in _owned)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Copies a tensor of a file, converting its type.</summary>
    internal static unsafe void Fill(Tensor view, TensorBytes content, TensorEntry entry)
    {
        using var staged = Tensor.Empty(entry.DType, Device.Cpu, entry.Shape);
        content.CopyTo(staged.Data);
        view.CopyFrom(staged);
    }

    private static Tensor Slice(Tensor flat, Weight weight, long offset)
    {
        using var part = flat.Narrow(0, offset, weight.Count);
        return part.View(weight.Shape);
    }

    private Tensor Own(Tensor tensor)
    {
        _owned.Add(tensor);
        return tensor;
    }
}
