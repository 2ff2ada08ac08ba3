using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The attention half of a decoder layer: x + o(attention(rope(qkv(norm(x))))), with grouped queries.</summary>
internal sealed class Attention(RmsNorm norm, Linear qkv, Linear output, RotaryEmbedding rotary, DecoderConfig config, int layer)
{
    private readonly double _scale = 1 / Math.Sqrt(config.HeadDim);

    /// <summary>What backward needs. The scores are computed again, so nothing here grows with T x T.</summary>
    public sealed record Saved(Tensor X, Tensor Rstd, Tensor Qkv, Tensor Mixed, Tensor Lse) : IDisposable
    {
        public void Dispose()
        {
            foreach (var tensor in (Tensor[])[X, Rstd, Qkv, Mixed, Lse])
            {
                tensor.Dispose();
            }
        }
    }

    /// <summary>The residual stream after this half, [N, D]; takes ownership of x.</summary>
    public Tensor Forward(Tensor x, Pass pass, Stack<IDisposable>? saved)
    {
        var rstd = pass.NewSums(pass.Rows);
        var projected = pass.NewRows(qkv.Outputs);
        using (var h = pass.NewRows(config.HiddenSize))
        {
            norm.Forward(x, h, rstd);
            qkv.Forward(h, projected);
        }

        rotary.Apply(projected, pass);
        var mixed = pass.NewRows(output.Inputs);  // [N, H C]
        var lse = pass.NewSums(pass.Batch, config.NumHeads, pass.Tokens);
        if (pass.Cache is { } cache)
        {
            Ops.CacheWrite(projected, cache.Keys(layer), cache.Values(layer), pass.Positions, pass.Batch, config.NumHeads);
        }

        if (pass.Cache is { Decoding: true } running)
        {
            Ops.AttentionDecode(projected, running.Keys(layer), running.Values(layer), pass.Starts, running.Lengths, config.NumHeads, _scale, mixed);
        }
        else
        {
            Ops.Attention(projected, pass.Starts, pass.Batch, config.NumHeads, config.NumKvHeads, _scale, mixed, lse);
        }

        var y = saved is null ? x : x.To(pass.Device);
        output.Forward(mixed, y, accumulate: true);
        if (saved is not null)
        {
            saved.Push(new Saved(x, rstd, projected, mixed, lse));
            return y;
        }

        rstd.Dispose();
        projected.Dispose();
        mixed.Dispose();
        lse.Dispose();
        return y;
    }

    /// <summary>Turns dx, the gradient of this half's output, into the gradient of its input, and adds to the weights' gradients.</summary>
    public void Backward(Tensor dx, Pass pass, Saved saved)
    {
        using var scope = new TensorScope();
        var dMixed = scope.Keep(pass.NewRows(output.Inputs));
        output.BackwardInput(dx, dMixed);
        output.BackwardWeight(dx, saved.Mixed);
        var dQkv = scope.Keep(pass.NewRows(qkv.Outputs));
        Ops.AttentionBackward(saved.Qkv, pass.Starts, pass.Batch, config.NumHeads, config.NumKvHeads, _scale, saved.Mixed, saved.Lse, dMixed, dQkv);
        rotary.Apply(dQkv, pass, backward: true);
        var h = scope.Keep(pass.NewRows(config.HiddenSize));
        norm.Again(saved.X, saved.Rstd, h);
        qkv.BackwardWeight(dQkv, h);
        qkv.BackwardInput(dQkv, h);  // h becomes its own gradient
        norm.Backward(h, saved.X, saved.Rstd, dx);
    }
}
