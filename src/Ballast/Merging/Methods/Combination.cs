using System.Numerics.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>Weighted sums of the inputs: what most methods come down to once their coefficients are known.</summary>
internal static class Combination
{
    /// <summary>sum c_i T_i, or base + sum c_i (T_i - base); terms with c = 0 are not read, so they change no bit.</summary>
    /// <param name="tensor">The inputs.</param>
    /// <param name="coefficients">One for each model; without deltas one more for a base that stands apart.</param>
    /// <param name="deltas">True to combine differences from the base and add them to it.</param>
    public static BlockFunction Of(MergeTensor tensor, double[] coefficients, bool deltas) => Of(tensor, VectorShape.Whole, [coefficients], deltas);

    /// <summary>The same with coefficients of their own for each row or column.</summary>
    /// <param name="shape">What a vector is.</param>
    /// <param name="coefficients">One array for each vector.</param>
    public static BlockFunction Of(MergeTensor tensor, VectorShape shape, double[][] coefficients, bool deltas)
    {
        float[][] factors = [.. Enumerable.Range(0, coefficients[0].Length).Select(model => coefficients.Select(c => (float)c[model]).ToArray())];
        bool plain = shape == VectorShape.Whole && !deltas;
        int[] terms = [.. Enumerable.Range(0, factors.Length).Where(model => factors[model][0] != 0)];
        float[] weights = [.. terms.Select(model => factors[model][0])];
        int row = tensor.RowLength;
        return (block, result) =>
        {
            if (plain && block.TrySum(terms, weights))
            {
                return;
            }

            bool first = !deltas;
            if (deltas)
            {
                block.Base.CopyTo(result);
            }

            for (int model = 0; model < factors.Length; model++)
            {
                float[] c = factors[model];
                if (shape == VectorShape.Whole && c[0] == 0)
                {
                    continue;
                }

                ReadOnlySpan<float> values = block.Vector(model, deltas);
                if (shape == VectorShape.Whole)
                {
                    Add(values, c[0], result, first);
                }
                else
                {
                    for (int i = 0; i < block.Count; i += row)
                    {
                        ReadOnlySpan<float> part = values.Slice(i, row);
                        Span<float> target = result.Slice(i, row);
                        if (shape == VectorShape.Rows)
                        {
                            Add(part, c[(block.Start + i) / row], target, first);
                        }
                        else if (first)
                        {
                            TensorPrimitives.Multiply(part, c, target);
                        }
                        else
                        {
                            TensorPrimitives.MultiplyAdd(part, c, target, target);
                        }
                    }
                }

                first = false;
            }

            if (first)
            {
                result.Clear();
            }
        };
    }

    private static void Add(ReadOnlySpan<float> values, float factor, Span<float> result, bool first)
    {
        if (first)
        {
            Kernels.Scale(values, factor, result);
        }
        else
        {
            Kernels.AddScaled(values, factor, result, result);
        }
    }
}
