using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The low-rank parts of one (fused) linear layer: y += s B A x (Hu et al., arXiv 2106.09685). The As of its modules lie one below the other and serve in one product.</summary>
/// <param name="linear">The layer.</param>
/// <param name="a">The stacked A [R, in].</param>
/// <param name="parts">The modules that have a part.</param>
/// <param name="dropout">Dropout on x; the modules of a fused layer share a mask.</param>
/// <param name="stream">Tells the layer's masks from those of others.</param>
internal sealed class LowRank(Linear linear, Weight a, IReadOnlyList<LowRankPart> parts, AdapterDropout dropout, ulong stream) : IDisposable
{
    /// <summary>W + s B A as a new tensor in F32 (F64 for F64).</summary>
    public static Tensor Adapted(Tensor w, Tensor a, Tensor b, double scaling)
    {
        var wide = w.DType is DType.F64 ? DType.F64 : DType.F32;
        var sum = w.To(w.Device, wide);
        using Tensor left = b.To(w.Device, wide), right = a.To(w.Device, wide);
        left.Scale(scaling);
        Ops.Gemm(sum, left, right, accumulate: true);
        return sum;
    }

    /// <summary>Adds to y [N, out], which holds the product x W^T, or, with <paramref name="accumulated"/>, something and that product.</summary>
    public void Forward(Tensor x, Tensor y, bool accumulated)
    {
        using var scope = new TensorScope();
        var u = scope.Keep(Down(scope.Keep(Dropped(x))));
        foreach (var part in parts)
        {
            var own = scope.Keep(y.Narrow(1, part.Row, part.Rows));
            var low = scope.Keep(u.Narrow(1, part.First, part.Rank));
            if (part.Magnitude is null || !accumulated)
            {
                Ops.Gemm(own, low, part.B.Value, transposeB: true, accumulate: true);
            }

            if (part.Magnitude is { } magnitude)
            {
                Magnify(magnitude, part, x, low, own, accumulated, scope);
            }
        }
    }

    /// <summary>dy with the rows of DoRA modules multiplied by their factors; null where there are none. The caller disposes it.</summary>
    public Tensor? Scaled(Tensor dy)
    {
        if (parts.All(part => part.Magnitude is null))
        {
            return null;
        }

        var scaled = dy.To(dy.Device);
        foreach (var part in parts.Where(part => part.Magnitude is not null))
        {
            using var own = scaled.Narrow(1, part.Row, part.Rows);
            own.Multiply(part.Magnitude!.Factor);
        }

        return scaled;
    }

    /// <summary>Adds to dx [N, in]; <paramref name="dz"/> is <see cref="Scaled"/> already.</summary>
    public void BackwardInput(Tensor dz, Tensor dx)
    {
        using var du = Up(dz);
        if (!dropout.IsOn)
        {
            Ops.Gemm(dx, du, a.Value, accumulate: true);
            return;
        }

        using var through = Tensor.Empty(dx.DType, dx.Device, dx.Shape);
        Ops.Gemm(through, du, a.Value);
        dropout.Apply(through, stream);
        dx.Add(through);
    }

    /// <summary>Adds to the gradients of A, B and the magnitudes.</summary>
    public void BackwardWeight(Tensor dy, Tensor x)
    {
        using var scope = new TensorScope();
        var dropped = scope.Keep(Dropped(x));
        var u = scope.Keep(Down(dropped));
        var dz = Scaled(dy) is { } scaled ? scope.Keep(scaled) : dy;
        foreach (var part in parts)
        {
            var own = scope.Keep(dz.Narrow(1, part.Row, part.Rows));
            var low = scope.Keep(u.Narrow(1, part.First, part.Rank));
            part.B.AddGradient(own, low);
            if (part.Magnitude is { } magnitude)
            {
                using Tensor z = Product(x, part), plain = dy.Narrow(1, part.Row, part.Rows);
                Ops.Gemm(z, low, part.B.Value, transposeB: true, accumulate: true);
                magnitude.Backward(plain, z);
            }
        }

        a.AddGradient(scope.Keep(Up(dz)), dropped);
    }

    /// <summary>Computes again what is derived from the weights.</summary>
    public void Refresh() => WithSums((magnitude, sum) => magnitude.Refresh(sum, linear.Weight.Value.DType));

    /// <summary>Sets the magnitudes to the row norms of the base.</summary>
    public void InitializeMagnitudes() => WithSums((magnitude, sum) => magnitude.Initialize(sum));

    public void Dispose()
    {
        foreach (var part in parts)
        {
            part.Magnitude?.Dispose();
        }
    }

    // W + s B A of each module that has magnitudes.
    private void WithSums(Action<Magnitude, Tensor> use)
    {
        foreach (var part in parts.Where(part => part.Magnitude is not null))
        {
            using Tensor w = linear.Weight.Value.Narrow(0, part.Row, part.Rows), own = a.Value.Narrow(0, part.First, part.Rank);
            using var sum = Adapted(w, own, part.B.Value, part.Scaling);
            use(part.Magnitude!, sum);
        }
    }

    // DoRA: m / n (W x + s B A x). On the residual stream the product W x is in y already: what is added is (m / n - 1) W x + m / n s B A x, nothing for m = n and B = 0.
    private void Magnify(Magnitude magnitude, LowRankPart part, Tensor x, Tensor low, Tensor y, bool accumulated, TensorScope scope)
    {
        if (!accumulated)
        {
            y.Multiply(magnitude.Factor);
            return;
        }

        var product = scope.Keep(Product(x, part));
        product.Multiply(magnitude.Excess);
        var lifted = scope.Empty(x.DType, x.Device, product.Shape);
        Ops.Gemm(lifted, low, part.B.Value, transposeB: true);
        lifted.Multiply(magnitude.Factor);
        product.Add(lifted);
        y.Add(product);
    }

    // W x of one module.
    private Tensor Product(Tensor x, LowRankPart part)
    {
        var product = Tensor.Empty(x.DType, x.Device, x.Shape[0], part.Rows);
        using var w = linear.Weight.Value.Narrow(0, part.Row, part.Rows);
        Ops.Gemm(product, x, w, transposeB: true);
        return product;
    }

    private Tensor Dropped(Tensor x)
    {
        if (!dropout.IsOn)
        {
            return x.Narrow(0, 0, x.Shape[0]);
        }

        var dropped = x.To(x.Device);
        dropout.Apply(dropped, stream);
        return dropped;
    }

    // s A x of every module, [N, R].
    private Tensor Down(Tensor x)
    {
        var u = Tensor.Empty(x.DType, x.Device, x.Shape[0], a.Shape[0]);
        Ops.Gemm(u, x, a.Value, transposeB: true);
        Scale(u);
        return u;
    }

    // s dz B of every module, [N, R].
    private Tensor Up(Tensor dz)
    {
        var du = Tensor.Empty(dz.DType, dz.Device, dz.Shape[0], a.Shape[0]);
        foreach (var part in parts)
        {
            using Tensor own = dz.Narrow(1, part.Row, part.Rows), low = du.Narrow(1, part.First, part.Rank);
            Ops.Gemm(low, own, part.B.Value);
        }

        Scale(du);
        return du;
    }

    private void Scale(Tensor u)
    {
        foreach (var part in parts)
        {
            using var low = u.Narrow(1, part.First, part.Rank);
            low.Scale(part.Scaling);
        }
    }
}
