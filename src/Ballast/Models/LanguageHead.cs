using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>The final norm, the output layer and the cross-entropy. Only rows with a target are computed, a few at a time, so the logits are never held whole.</summary>
internal sealed class LanguageHead(RmsNorm norm, Linear output, DecoderConfig config)
{
    /// <summary>Logits that are held at a time: what stays in a CPU's caches, or what keeps a CUDA device busy.</summary>
    internal static long ChunkElements(Device device) => device.IsCpu ? 2L << 20 : 64L << 20;

    /// <summary>Logits [n, V] of the given rows of x [n, D].</summary>
    public Tensor Logits(Tensor x)
    {
        using var scope = new TensorScope();
        var h = scope.Empty(x.DType, x.Device, x.Shape);
        var rstd = scope.Empty(x.DType is DType.F64 ? DType.F64 : DType.F32, x.Device, x.Shape[0]);
        norm.Forward(x, h, rstd);
        var logits = Tensor.Empty(x.DType, x.Device, x.Shape[0], config.VocabSize);
        Project(h, logits);
        return logits;
    }

    /// <summary>Loss and hits of every target; with <paramref name="scale"/> also the gradient of scale * summed loss.</summary>
    /// <param name="dx">Receives the gradient of the loss with respect to x [N, D]; null: forward only.</param>
    public LossResult Loss(Tensor x, TokenBatch batch, Pass pass, double scale, Tensor? dx)
    {
        var targets = batch.TargetRows().ToArray();
        dx?.Fill(0);
        if (targets.Length == 0)
        {
            return new LossResult(new double[batch.Batch], new int[batch.Batch], new int[batch.Batch]);
        }

        using var scope = new TensorScope();
        var rows = scope.Keep(OnDevice(pass, Array.ConvertAll(targets, t => (long)t.Row)));
        var wanted = OnDevice(pass, Array.ConvertAll(targets, t => (long)t.Target));
        var losses = pass.NewSums(targets.Length);
        var best = Tensor.Empty(DType.I64, x.Device, targets.Length);
        var tokens = new TokenLosses(batch, losses, best, wanted);
        for (long start = 0, chunk = Math.Max(64, ChunkElements(x.Device) / config.VocabSize); start < targets.Length; start += chunk)
        {
            using var part = new TensorScope();
            Tensor Part(Tensor whole) => part.Keep(whole.Narrow(0, start, Math.Min(chunk, targets.Length - start)));
            Chunk(x, Part(rows), Part(wanted), Part(losses), Part(best), scale, dx, part);
        }

        if (dx is not null && Ops.IsQueued(x.Device))
        {
            return new LossResult(tokens);
        }

        using (tokens)
        {
            var (lossSum, correct) = tokens.Read();
            return new LossResult(lossSum, tokens.Targets, correct);
        }
    }

    // n rows of x: the norm, the logits and the loss, and back.
    private void Chunk(Tensor x, Tensor rows, Tensor wanted, Tensor losses, Tensor best, double scale, Tensor? dx, TensorScope scope)
    {
        var picked = scope.Keep(x.Rows(rows));  // [n, D]
        var h = scope.Empty(x.DType, x.Device, picked.Shape);
        var rstd = scope.Empty(losses.DType, x.Device, losses.Shape);
        var logits = scope.Empty(x.DType, x.Device, picked.Shape[0], config.VocabSize);
        norm.Forward(picked, h, rstd);
        Project(h, logits);
        Ops.CrossEntropy(logits, wanted, scale, config.FinalSoftcap, dx is not null, losses, best);
        if (dx is not null)
        {
            output.BackwardWeight(logits, h);
            output.BackwardInput(logits, h);  // h becomes its own gradient
            var dPicked = scope.Keep(Tensor.Zeros(x.DType, x.Device, picked.Shape));
            norm.Backward(h, picked, rstd, dPicked);
            dx.SetRows(rows, dPicked);
        }
    }

    private void Project(Tensor h, Tensor logits)
    {
        output.Forward(h, logits);
        if (config.FinalSoftcap > 0)
        {
            Ops.Softcap(logits, config.FinalSoftcap);
        }
    }

    private static Tensor OnDevice(Pass pass, long[] values)
    {
        var tensor = Tensor.From<long>(values, values.Length);
        if (pass.Device.IsCpu)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.To(pass.Device);
        }
    }
}
