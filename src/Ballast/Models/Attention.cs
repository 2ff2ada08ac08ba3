using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The attention half of a decoder layer: x + o(attention(rope(qkv(norm(x))))), with grouped queries.</summary>
internal sealed class Attention(RmsNorm norm, Linear qkv, IReadOnlyList<HeadNorm> headNorms, OutputProjection output, RotaryEmbedding rotary, DecoderConfig config, int layer)
{
    private readonly int? _window = config.Window(layer);

    /// <summary>What backward needs. The scores are computed again, so nothing here grows with T x T.</summary>
    public sealed record Saved(Tensor X, Tensor Rstd, HeadNorm.Saved[] Heads, Tensor Qkv, Tensor Mixed, Tensor? Lse, OutputProjection.Saved? Output) : IDisposable
    {
        public void Dispose()
        {
            X.Dispose();
            DisposeAllButX();
        }

        /// <summary>For a walk without backward, where x goes on as the sum.</summary>
        public void DisposeAllButX()
        {
            foreach (var part in (IDisposable?[])[Rstd, .. Heads, Qkv, Mixed, Lse, Output])
            {
                part?.Dispose();
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

        HeadNorm.Saved[] heads = [.. headNorms.Select(headNorm => headNorm.Forward(projected, pass))];
        rotary.Apply(projected, pass);
        var mixed = pass.NewRows(output.Inputs);  // [N, H C]
        if (pass.Cache is { } cache)
        {
            Ops.CacheWrite(projected, cache.Keys(layer), cache.Values(layer), pass.Positions, pass.Batch, config.NumHeads);
        }

        Tensor? lse = null;
        if (pass.Cache is { Decoding: true } running)
        {
            Ops.AttentionDecode(
                projected, running.Keys(layer), running.Values(layer), pass.Sees(_window).Starts, running.Lengths, config.NumHeads,
                config.AttentionScale, config.AttentionSoftcap, mixed);
        }
        else
        {
            lse = Ops.Attention(projected, pass.Sees(_window), pass.Batch, config.NumHeads, config.NumKvHeads, config.AttentionScale, config.AttentionSoftcap, mixed);
        }

        var y = saved is null ? x : x.To(pass.Device);
        var kept = new Saved(x, rstd, heads, projected, mixed, lse, output.Forward(mixed, y, pass));
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
        var dMixed = scope.Keep(pass.NewRows(output.Inputs));
        var dProjected = output.BackwardNorm(dx, saved.Output, pass, scope);
        output.BackwardInput(dProjected, dMixed);
        output.BackwardWeight(dProjected, saved.Mixed);
        var dQkv = scope.Keep(pass.NewRows(qkv.Outputs));
        Ops.AttentionBackward(
            saved.Qkv, pass.Sees(_window), pass.Batch, config.NumHeads, config.NumKvHeads, config.AttentionScale, config.AttentionSoftcap,
            saved.Mixed, saved.Lse!, dMixed, dQkv);
        rotary.Apply(dQkv, pass, backward: true);
        for (int i = 0; i < headNorms.Count; i++)
        {
            headNorms[i].Backward(dQkv, saved.Heads[i]);
        }

        var h = scope.Keep(pass.NewRows(config.HiddenSize));
        norm.Again(saved.X, saved.Rstd, h);
        qkv.BackwardWeight(dQkv, h);
        qkv.BackwardInput(dQkv, h);  // h becomes its own gradient
        norm.Backward(h, saved.X, saved.Rstd, dx);
    }
}
