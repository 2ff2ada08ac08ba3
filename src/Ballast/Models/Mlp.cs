using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The feed-forward half of a decoder layer: x + down(silu(gate(norm(x))) * up(norm(x))) (Shazeer, arXiv 2002.05202).</summary>
internal sealed class Mlp(RmsNorm norm, Linear gateUp, Linear down, DecoderConfig config)
{
    /// <summary>What backward needs; the gated product is computed again.</summary>
    public sealed record Saved(Tensor X, Tensor Rstd, Tensor GateUp) : IDisposable
    {
        public void Dispose()
        {
            X.Dispose();
            Rstd.Dispose();
            GateUp.Dispose();
        }
    }

    /// <summary>The residual stream after this half, [N, D]; takes ownership of x.</summary>
    public Tensor Forward(Tensor x, Pass pass, Stack<IDisposable>? saved)
    {
        var rstd = pass.NewSums(pass.Rows);
        var both = pass.NewRows(gateUp.Outputs);
        using (var h = pass.NewRows(config.HiddenSize))
        {
            norm.Forward(x, h, rstd);
            gateUp.Forward(h, both);
        }

        using var inner = pass.NewRows(down.Inputs);
        Ops.SwiGlu(both, inner);
        var y = saved is null ? x : x.To(pass.Device);
        down.Forward(inner, y, accumulate: true);
        if (saved is not null)
        {
            saved.Push(new Saved(x, rstd, both));
            return y;
        }

        rstd.Dispose();
        both.Dispose();
        return y;
    }

    /// <summary>Turns dx, the gradient of this half's output, into the gradient of its input, and adds to the weights' gradients.</summary>
    public void Backward(Tensor dx, Pass pass, Saved saved)
    {
        using var scope = new TensorScope();
        var inner = scope.Keep(pass.NewRows(down.Inputs));
        down.BackwardInput(dx, inner);
        Ops.SwiGluBackward(saved.GateUp, inner);  // GateUp becomes its gradient, inner the recomputed product
        down.BackwardWeight(dx, inner);
        var h = scope.Keep(pass.NewRows(config.HiddenSize));
        norm.Again(saved.X, saved.Rstd, h);
        gateUp.BackwardWeight(saved.GateUp, h);
        gateUp.BackwardInput(saved.GateUp, h);  // h becomes its own gradient
        norm.Backward(h, saved.X, saved.Rstd, dx);
    }
}
