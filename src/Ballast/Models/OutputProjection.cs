using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The end of each half of a layer: x + W h, or x + norm(W h) where a family normalizes again (Gemma 2).</summary>
internal sealed class OutputProjection(Linear linear, RmsNorm? norm)
{
    /// <summary>What backward needs of the norm: W h, [N, D], and its rstd, [N].</summary>
    public sealed record Saved(Tensor Raw, Tensor Rstd) : IDisposable
    {
        public void Dispose()
        {
            Raw.Dispose();
            Rstd.Dispose();
        }
    }

    public long Inputs => linear.Inputs;

    /// <summary>Adds to x [N, D].</summary>
    /// <returns>What backward needs; null without a norm.</returns>
    public Saved? Forward(Tensor h, Tensor x, Pass pass)
    {
        if (norm is null)
        {
            linear.Forward(h, x, accumulate: true);
            return null;
        }

        var saved = new Saved(pass.NewRows(linear.Outputs), pass.NewSums(pass.Rows));
        linear.Forward(h, saved.Raw);
        using var normed = pass.NewRows(linear.Outputs);
        norm.Forward(saved.Raw, normed, saved.Rstd);
        x.Add(normed);
        return saved;
    }

    /// <summary>The gradient of W h from that of the sum: dx itself without a norm, else a tensor that the scope keeps.</summary>
    public Tensor BackwardNorm(Tensor dx, Saved? saved, Pass pass, TensorScope scope)
    {
        if (norm is null)
        {
            return dx;
        }

        var dRaw = scope.Keep(pass.NewRows(linear.Outputs));
        dRaw.Fill(0);
        norm.Backward(dx, saved!.Raw, saved.Rstd, dRaw);
        return dRaw;
    }

    /// <summary>dh from the gradient of W h.</summary>
    public void BackwardInput(Tensor dRaw, Tensor dh) => linear.BackwardInput(dRaw, dh);

    /// <summary>Adds to the gradient of W.</summary>
    public void BackwardWeight(Tensor dRaw, Tensor h) => linear.BackwardWeight(dRaw, h);
}
