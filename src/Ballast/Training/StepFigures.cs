using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Loss, hits and gradient norm of one step, and what they make of its update: clipped, or not made because one of them is not finite.</summary>
/// <remarks>On a CUDA device they are computed there and given to the optimizer as a tensor; looking at one waits for the step. Elsewhere they are known at once.</remarks>
/// <param name="targets">Targets of the step.</param>
/// <param name="maxNorm">The largest gradient norm; null: no clipping.</param>
internal sealed class StepFigures(int targets, double? maxNorm) : IDisposable
{
    private readonly List<TokenLosses> _pending = [], _owned = [];
    private readonly TensorScope _scope = new();
    private double _loss, _correct;
    private Lazy<(double Loss, double Correct, double Norm)> _values = null!;

    /// <summary>What the gradient is to be divided by, and 1 where the update must not be made, F32 [2] on the device; null: use <see cref="Clip"/>.</summary>
    public Tensor? Control { get; private set; }

    /// <summary>Mean loss over the targets, in nats.</summary>
    public double Loss => _values.Value.Loss;

    /// <summary>Targets with the largest logit.</summary>
    public double Correct => _values.Value.Correct;

    /// <summary>The gradient's norm before clipping.</summary>
    public double Norm => _values.Value.Norm;

    /// <summary>Whether the update may be made.</summary>
    public bool AreFinite => double.IsFinite(Loss) && double.IsFinite(Norm);

    /// <summary>What the gradient is to be multiplied by.</summary>
    public double Clip => maxNorm is { } limit ? Math.Min(1, limit / (Norm + 1e-6)) : 1;

    /// <summary>Takes what a pass returned.</summary>
    public void Add(LossResult result)
    {
        if (result.Losses is not null)
        {
            _owned.Add(result.Losses);
        }

        if (result.IsPending)
        {
            _pending.Add(result.Losses!);
        }
        else
        {
            _loss += result.TotalLoss / targets;
            _correct += result.TotalCorrect;
        }
    }

    /// <summary>Takes the flat gradient, whole, after the last pass.</summary>
    public void Measure(Tensor gradient)
    {
        if (!Ops.IsQueued(gradient.Device))
        {
            var values = (_loss, _correct, Math.Sqrt(gradient.SquareSum()));
            _values = new(() => values);
            return;
        }

        using var known = Tensor.From<double>([_loss * targets, _correct, 0], 3);
        var figures = _scope.Keep(known.To(gradient.Device));
        foreach (var losses in _pending)
        {
            losses.AddTo(figures);
        }

        Control = _scope.Empty(DType.F32, gradient.Device, 2);
        Ops.Clip(figures, gradient, maxNorm ?? 0, Control);
        _values = new(() =>
        {
            double[] read = figures.ToArray<double>();
            return (read[0] / targets, read[1], read[2]);
        });
    }

    /// <summary>Frees the figures and the losses of the passes: what was not looked at is forgotten.</summary>
    public void Dispose()
    {
        _scope.Dispose();
        _owned.ForEach(losses => losses.Dispose());
    }
}
