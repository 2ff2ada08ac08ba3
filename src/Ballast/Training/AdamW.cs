using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>AdamW (Loshchilov and Hutter, arXiv 1711.05101) over a model's flat weights, with F32 moments.</summary>
/// <remarks>
/// Weight decay is decoupled and applies to matrices only unless asked otherwise; epsilon is outside of the root and after the bias correction. The weight average is updated in the
/// same pass over memory, so a step reads and writes each parameter's state once.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private readonly WeightStore _weights;
    private readonly AdamWOptions _options;

    /// <summary>An optimizer with zero moments.</summary>
    /// <param name="weights">Weights with gradients.</param>
    /// <param name="options">Its constants.</param>
    public AdamW(WeightStore weights, AdamWOptions options)
    {
        _weights = weights;
        _options = options;
        var master = weights.Master;
        First = Tensor.Zeros(master.DType, master.Device, master.Count);
        Second = Tensor.Zeros(master.DType, master.Device, master.Count);
    }

    /// <summary>Steps made, which the bias correction counts.</summary>
    public long Steps { get; internal set; }

    /// <summary>The running mean of the gradients, flat, laid out like the weights.</summary>
    public Tensor First { get; }

    /// <summary>The running mean of their squares, flat, laid out like the weights.</summary>
    public Tensor Second { get; }

    /// <summary>One step with the gradients as they stand.</summary>
    /// <param name="learningRate">Rate of this step.</param>
    /// <param name="gradScale">Factor on the gradients, from clipping.</param>
    /// <param name="ema">The average to update in the same pass, if it is due.</param>
    public void Step(double learningRate, double gradScale = 1, WeightEma? ema = null) => Update(learningRate, gradScale, null, ema);

    /// <summary>One step with the gradients as they stand, clipped; none where a figure is not finite.</summary>
    /// <remarks>
    /// Where libtorch's fused step takes them from the device, the figures are read after it was queued: the host waits once, at the end. Otherwise they are read before.
    /// </remarks>
    internal void Step(double learningRate, StepFigures figures, WeightEma? ema)
    {
        if (figures.Control is { } control && _weights.Master.DType is DType.F32 && Ops.Fused(control.Device).AdamW)
        {
            Update(learningRate, 1, control, ema);
            Steps -= figures.AreFinite ? 0 : 1;
        }
        else if (figures.AreFinite)
        {
            Step(learningRate, figures.Clip, ema);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }

    private void Update(double learningRate, double gradScale, Tensor? control, WeightEma? ema)
    {
        Steps++;
        bool average = ema is not null && ema.IsDue(Steps);
        var numbers = new AdamWStep(
            learningRate, _options.Beta1, _options.Beta2, _options.Epsilon, _options.WeightDecay, Steps, gradScale, average ? ema!.Decay : 0, average && ema!.Feedback);
        long matrices = _weights.MatrixCount;
        Apply(0, matrices, numbers, control, average ? ema : null);
        Apply(matrices, _weights.Master.Count - matrices, _options.DecayVectors ? numbers : numbers with { WeightDecay = 0 }, control, average ? ema : null);
        _weights.Changed?.Invoke();
    }

    private void Apply(long start, long count, in AdamWStep numbers, Tensor? control, WeightEma? ema)
    {
        using var scope = new TensorScope();
        Tensor Part(Tensor flat) => scope.Keep(flat.Narrow(0, start, count));
        Ops.AdamW(
            Part(_weights.Master), Part(_weights.Grad!), Part(First), Part(Second), ema is null ? null : Part(ema.Average),
            ReferenceEquals(_weights.Value, _weights.Master) ? null : Part(_weights.Value), numbers, control);
    }
}

/// <summary>Constants of <see cref="AdamW"/>.</summary>
/// <param name="Beta1">Decay of the mean of the gradients, in [0, 1).</param>
/// <param name="Beta2">Decay of the mean of their squares, in [0, 1).</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled decay of the matrices, at least 0.</param>
/// <param name="DecayVectors">Whether norms and biases decay too.</param>
public sealed record AdamWOptions(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0, bool DecayVectors = false);
