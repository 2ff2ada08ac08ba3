using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The feed-forward half of a decoder layer: x + down(act(gate(norm(x))) * up(norm(x))) (Shazeer, arXiv 2002.05202).</summary>
internal sealed class Mlp(RmsNorm norm, Linear gateUp, OutputProjection down, DecoderConfig config)
{
    private readonly bool _gelu = config.Activation is Activation.GeluTanh;

    /// <summary>What backward needs; the gated product is computed again.</summary>
    public sealed record Saved(Tensor X, Tensor Rstd, Tensor GateUp, OutputProjection.Saved? Output) : IDisposable
    {
        public void Dispose()
        {
            X.Dispose();
            DisposeAllButX();
        }

        /// <summary>For a walk without backward, where x goes on as the sum.</summary>
        public void DisposeAllButX()
        {
            Rstd.Dispose();
            GateUp.Dispose();
            Output?.Dispose();
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
        Ops.Glu(both, _gelu, inner);
        var y = saved is null ? x : x.To(pass.Device);
        var kept = new Saved(x, rstd, both, down.Forward(inner, y, pass));
        if (saved is not null)
        {
            saved.Push(kept);
            return y;
        }

        kept.DisposeAllButX();
        return y;
    }

    /// <summary>Turns dx, the gradient of this half's output, into the gradient of its input, and adds to the weights' gradients.</summary>
    public void Backward(Tensor dx, Pass pass, Saved saved)
    {
        using var scope = new TensorScope();
        var inner = scope.Keep(pass.NewRows(down.Inputs));
        var dDown = down.BackwardNorm(dx, saved.Output, pass, scope);
        down.BackwardInput(dDown, inner);
        Ops.GluBackward(saved.GateUp, _gelu, inner);  // GateUp becomes its gradient, inner the recomputed product
        down.BackwardWeight(dDown, inner);
        var h = scope.Keep(pass.NewRows(config.HiddenSize));
        norm.Again(saved.X, saved.Rstd, h);
        gateUp.BackwardWeight(saved.GateUp, h);
        gateUp.BackwardInput(saved.GateUp, h);  // h becomes its own gradient
        norm.Backward(h, saved.X, saved.Rstd, dx);
    }
}
