using System.Numerics.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>The dot products of k vectors, in double precision.</summary>
internal sealed class DotProducts(double[] triangle, int offset, int count)
{
    /// <summary>Rows are split into so many groups for the sums of columns, whatever the number of threads.</summary>
    private const int Groups = 16;

    /// <summary>Number of vectors.</summary>
    public int Count => count;

    /// <summary>The dot product of vectors i and j.</summary>
    public double this[int i, int j] => triangle[offset + (i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i)];

    /// <summary>The length of vector i.</summary>
    public double Norm(int i) => Math.Sqrt(this[i, i]);

    /// <summary>The length of sum c_i x_i.</summary>
    public double Norm(ReadOnlySpan<double> c)
    {
        double square = 0;
        for (int i = 0; i < count; i++)
        {
            square += c[i] * Along(i, c);
        }

        return Math.Sqrt(Math.Max(0, square));
    }

    /// <summary>The dot product of vector i with sum c_j x_j.</summary>
    public double Along(int i, ReadOnlySpan<double> c)
    {
        double sum = 0;
        for (int j = 0; j < count; j++)
        {
            sum += c[j] * this[i, j];
        }

        return sum;
    }

    /// <summary>The dot products of the models, and of a base that stands apart after them unless <paramref name="deltas"/>, for each vector of the tensor.</summary>
    public static DotProducts[] Of(MergeTensor tensor, VectorShape shape, bool deltas)
    {
        int models = tensor.Models + (tensor.HasBase && !deltas ? 1 : 0), pairs = models * (models + 1) / 2, row = tensor.RowLength;
        if (shape == VectorShape.Whole)
        {
            double[] sums = tensor.Sum(pairs, (block, sum) =>
            {
                for (int i = 0, pair = 0; i < models; i++)
                {
                    for (int j = 0; j <= i; j++, pair++)
                    {
                        sum[pair] += Dot(block.Vector(i, deltas), block.Vector(j, deltas));
                    }
                }
            });
            return [new DotProducts(sums, 0, models)];
        }

        if (shape == VectorShape.Rows)
        {
            double[] rows = new double[tensor.Rows * pairs];
            tensor.ForEach((block, _) =>
            {
                for (int i = 0, pair = 0; i < models; i++)
                {
                    for (int j = 0; j <= i; j++, pair++)
                    {
                        ReadOnlySpan<float> a = block.Vector(i, deltas), b = block.Vector(j, deltas);
                        for (int at = 0; at < block.Count; at += row)
                        {
                            rows[(block.Start + at) / row * pairs + pair] = Dot(a.Slice(at, row), b.Slice(at, row));
                        }
                    }
                }
            });
            return [.. Enumerable.Range(0, (int)tensor.Rows).Select(r => new DotProducts(rows, r * pairs, models))];
        }

        double[] columns = Columns(tensor, models, deltas);
        return [.. Enumerable.Range(0, row).Select(c => new DotProducts(columns, c * pairs, models))];
    }

    private static double[] Columns(MergeTensor tensor, int models, bool deltas)
    {
        int pairs = models * (models + 1) / 2, row = tensor.RowLength;
        double[][] groups = new double[Groups][];
        tensor.ForEachGroup(Groups, (block, group) =>
        {
            double[] sums = groups[group] ??= new double[row * pairs];
            for (int i = 0, pair = 0; i < models; i++)
            {
                for (int j = 0; j <= i; j++, pair++)
                {
                    ReadOnlySpan<float> a = block.Vector(i, deltas), b = block.Vector(j, deltas);
                    for (int at = 0; at < block.Count; at++)
                    {
                        sums[at % row * pairs + pair] += (double)a[at] * b[at];
                    }
                }
            }
        });
        double[] total = new double[row * pairs];
        foreach (double[] group in groups.Where(g => g is not null))
        {
            TensorPrimitives.Add<double>(total, group, total);
        }

        return total;
    }

    /// <summary>Products in double: exact, since two floats have 48 bits together.</summary>
    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<double> x = stackalloc double[256], y = stackalloc double[256];
        double sum = 0;
        for (int i = 0; i < a.Length; i += x.Length)
        {
            int n = Math.Min(x.Length, a.Length - i);
            TensorPrimitives.ConvertTruncating(a.Slice(i, n), x);
            TensorPrimitives.ConvertTruncating(b.Slice(i, n), y);
            sum += TensorPrimitives.Dot<double>(x[..n], y[..n]);
        }

        return sum;
    }
}
