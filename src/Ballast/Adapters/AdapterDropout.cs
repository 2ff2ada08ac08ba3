using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>Dropout on the input of the low-rank parts while training. Its masks are functions of seed, step, micro-batch, module and place alone, so that nothing has to be saved to go on.</summary>
/// <param name="rate">The first <see cref="Rate"/>.</param>
internal sealed class AdapterDropout(double rate)
{
    /// <summary>Share of elements that are dropped, in [0, 1).</summary>
    public double Rate { get; set; } = rate;

    /// <summary>Names the masks of the passes that follow; null: nothing is dropped.</summary>
    public ulong? Key { get; set; }

    /// <summary>Whether something is dropped now.</summary>
    public bool IsOn => Rate > 0 && Key is not null;

    /// <summary>Multiplies by the mask of a module.</summary>
    public void Apply(Tensor x, ulong module) => Ops.Dropout(x, Rate, Key!.Value ^ module);
}
