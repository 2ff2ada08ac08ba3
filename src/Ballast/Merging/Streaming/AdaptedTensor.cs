using System.Numerics.Tensors;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>A base tensor with a LoRA adapter's part added as it is read: W + s B A in single precision, rescaled by row (an embedding by column) for DoRA. No adapted checkpoint is ever written.</summary>
/// <remarks>Hu et al., arXiv 2106.09685; Liu et al., arXiv 2402.09353. PEFT adds in the type of the base, where small changes vanish.</remarks>
internal sealed class AdaptedTensor : TensorSource
{
    private readonly TensorSource _base;
    private readonly DType? _rounding;
    private readonly int _width;
    private readonly int _rank;
    private readonly float[] _right;
    private readonly float[] _left;
    private readonly bool _byColumn;
    private readonly Lazy<float[]?> _factors;

    /// <summary>Reads the low-rank part of a module.</summary>
    /// <param name="origin">The base tensor, unrounded.</param>
    /// <param name="entry">Its shape.</param>
    /// <param name="file">The adapter's tensors.</param>
    /// <param name="module">The module.</param>
    /// <param name="rounding">The narrower type to which sums are rounded; null keeps them.</param>
    /// <exception cref="CheckpointException">The parts do not fit the base, or are not finite.</exception>
    public AdaptedTensor(TensorSource origin, TensorEntry entry, SafetensorsFile file, AdaptedModule module, DType? rounding)
    {
        (_base, _rounding, _rank, _width) = (origin, rounding, module.Rank, (int)entry.Shape[^1]);
        float[] a = Floats(file, module.A), b = Floats(file, module.B);
        long rows = entry.Shape[0];
        if (entry.Shape.Length != 2 || (module.IsEmbedding ? (rows, (long)_width) != (a.Length / _rank, b.Length / _rank) : (rows, (long)_width) != (b.Length / _rank, a.Length / _rank)))
        {
            throw new CheckpointException($"{file.Path}: tensor {PrintableName.Quote(module.A)}: its parts do not fit {PrintableName.Quote(entry.Name)}, which is {entry.Description}; the adapter belongs to another model");
        }

        // Row i of the change is scaling x sum_k left[i, k] right[k]; an embedding's is the transposed product.
        (_left, _right) = module.IsEmbedding ? (Transposed(a, _rank), Transposed(b, b.Length / _rank)) : (b, a);
        TensorPrimitives.Multiply(_left, (float)module.Scaling, _left);
        _byColumn = module.IsEmbedding;
        _factors = new Lazy<float[]?>(() => module.Magnitude is { } key ? Factors(Floats(file, key), (int)rows) : null);
    }

    public override void Read(long start, Span<float> values, byte[] scratch)
    {
        ReadPlain(start, values, scratch);
        if (_factors.Value is { } factors)
        {
            for (int i = 0; i < values.Length;)
            {
                int row = (int)((start + i) / _width), at = (int)((start + i) % _width), length = Math.Min(values.Length - i, _width - at);
                Span<float> part = values.Slice(i, length);
                if (_byColumn)
                {
                    TensorPrimitives.Multiply(part, factors.AsSpan(at, length), part);
                }
                else
                {
                    TensorPrimitives.Multiply(part, factors[row], part);
                }

                i += length;
            }
        }

        Round(values, _rounding, scratch);
    }

    private void ReadPlain(long start, Span<float> values, byte[] scratch)
    {
        _base.Read(start, values, scratch);
        for (int i = 0; i < values.Length;)
        {
            int row = (int)((start + i) / _width), at = (int)((start + i) % _width);
            int length = Math.Min(values.Length - i, _width - at);
            Span<float> part = values.Slice(i, length);
            for (int k = 0; k < _rank; k++)
            {
                TensorPrimitives.FusedMultiplyAdd(_right.AsSpan(k * _width + at, length), _left[row * _rank + k], part, part);
            }

            i += length;
        }
    }

    /// <summary>DoRA: each row (of an embedding each column) gets the length that the adapter learned.</summary>
    private float[] Factors(float[] magnitudes, int rows)
    {
        float[] row = new float[_width];
        double[] columns = new double[_byColumn ? _width : 0];
        byte[] scratch = new byte[_width * 8];
        for (int r = 0; r < rows; r++)
        {
            ReadPlain((long)r * _width, row, scratch);
            if (!_byColumn)
            {
                magnitudes[r] /= TensorPrimitives.Norm<float>(row);
            }

            for (int d = 0; d < columns.Length; d++)
            {
                columns[d] += (double)row[d] * row[d];
            }
        }

        for (int d = 0; d < columns.Length; d++)
        {
            magnitudes[d] = (float)(magnitudes[d] / Math.Sqrt(columns[d]));
        }

        return magnitudes;
    }

    private static float[] Floats(SafetensorsFile file, string key)
    {
        TensorEntry entry = file.Entries[key];
        float[] values = new float[entry.ElementCount];
        ReadOnlySpan<byte> bytes = file.Bytes(key);
        int bad = FiniteCheck.FirstNonFinite(entry.DType, bytes);
        if (bad >= 0)
        {
            throw FiniteCheck.Fault(file.Path, key, bad);
        }

        FloatConversion.ToSingle(entry.DType, bytes, values);
        return values;
    }

    private static float[] Transposed(float[] matrix, int rows)
    {
        int columns = matrix.Length / rows;
        float[] result = new float[matrix.Length];
        for (int i = 0; i < matrix.Length; i++)
        {
            result[i % columns * rows + i / columns] = matrix[i];
        }

        return result;
    }
}
