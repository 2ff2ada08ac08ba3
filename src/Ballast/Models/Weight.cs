using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>One or several checkpoint tensors that are stored as one: rows of q, k and v lie one below the other, so that one product serves all three.</summary>
/// <param name="columns">Columns of a matrix; 0 for a vector.</param>
/// <param name="slices">Hugging Face name and number of rows of each tensor, top to bottom.</param>
public sealed class Weight(long columns, params (string Name, long Rows)[] slices)
{
    private readonly List<(long Row, Weight Own)> _trained = [];
    private bool _fresh = true;

    /// <summary>The checkpoint tensors, top to bottom.</summary>
    public IReadOnlyList<(string Name, long Rows)> Slices { get; } = slices;

    /// <summary>Whether this is a matrix; only matrices decay (the rule of transformers' Trainer).</summary>
    public bool IsMatrix => columns > 0;

    /// <summary>Elements in all.</summary>
    public long Count => Slices.Sum(slice => slice.Rows) * Math.Max(1, columns);

    /// <summary>Shape of the whole.</summary>
    public long[] Shape => columns > 0 ? [Slices.Sum(slice => slice.Rows), columns] : [Slices.Sum(slice => slice.Rows)];

    /// <summary>The values that the model computes with.</summary>
    public Tensor Value { get; private set; } = null!;

    /// <summary>The values that the optimizer changes: F32, the same memory as <see cref="Value"/> unless that is BF16.</summary>
    public Tensor Master { get; private set; } = null!;

    /// <summary>The gradient, or null when the weight is frozen or the model only infers.</summary>
    public Tensor? Grad { get; private set; }

    internal void Bind(Tensor value, Tensor master, Tensor? grad) => (Value, Master, Grad) = (value, master, grad);

    /// <summary>The gradient counts as zero from here on.</summary>
    internal void ForgetGradient() => _fresh = true;

    /// <summary>Trains some rows of a frozen weight: their gradients go to <paramref name="own"/>, whose values <see cref="TakeTrained"/> copies here.</summary>
    internal void Train(long row, Weight own) => _trained.Add((row, own));

    /// <summary>Copies the values of the rows that are trained elsewhere.</summary>
    internal void TakeTrained()
    {
        foreach (var (row, own) in _trained)
        {
            using var part = Value.Narrow(0, row, own.Shape[0]);
            part.CopyFrom(own.Value);
        }
    }

    /// <summary>Adds the product dy^T x to the gradient; the first one of a step overwrites, which saves clearing the memory. Nothing for a frozen weight.</summary>
    internal void AddGradient(Tensor dy, Tensor x)
    {
        if (Grad is not null)
        {
            Ops.Gemm(Grad, dy, x, transposeA: true, accumulate: !_fresh);
            _fresh = false;
        }

        foreach (var (row, own) in _trained)
        {
            using var part = dy.Narrow(1, row, own.Shape[0]);
            own.AddGradient(part, x);
        }
    }

    /// <summary>Adds the column sums of dy to the gradient of a bias. Nothing for a frozen one.</summary>
    internal void AddSums(Tensor dy)
    {
        if (Grad is not null)
        {
            Ops.BiasBackward(Accumulator()!, dy);
        }

        foreach (var (row, own) in _trained)
        {
            using var part = dy.Narrow(1, row, own.Shape[0]);
            own.AddSums(part);
        }
    }

    /// <summary>The gradient, cleared if nothing was added in this step; null for a frozen weight.</summary>
    internal Tensor? Accumulator()
    {
        if (Grad is not null && _fresh)
        {
            Grad.Fill(0);
            _fresh = false;
        }

        return Grad ?? _trained.FirstOrDefault().Own?.Accumulator();
    }

    /// <summary>Each checkpoint tensor as a view of <paramref name="whole"/>, which has this weight's shape.</summary>
    internal IEnumerable<(string Name, Tensor View)> Views(Tensor whole)
    {
        long row = 0;
        foreach (var (name, rows) in Slices)
        {
            yield return (name, whole.Narrow(0, row, rows));
            row += rows;
        }
    }

    internal void Release()
    {
        Value?.Dispose();
        Master?.Dispose();
        Grad?.Dispose();
    }
}
