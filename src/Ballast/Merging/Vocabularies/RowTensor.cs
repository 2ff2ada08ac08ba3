using System.Buffers;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging.Vocabularies;

/// <summary>An embedding with its rows in the order of another vocabulary.</summary>
internal sealed class RowTensor : TensorSource
{
    private readonly Dictionary<InputModel, TensorSource> _stored = [];
    private readonly RowSource[] _rows;
    private readonly int _width;
    private readonly Lazy<float[]> _mean;

    /// <summary>Takes rows of a tensor, and the mean of all for those up to <paramref name="count"/>.</summary>
    public RowTensor(PlannedInput input, RowSource[] rows, int count, DType? rounding)
    {
        _rows = rows;
        _width = (int)(input.Entry.ElementCount / Math.Max(1, input.Entry.Shape[0]));
        foreach (InputModel model in rows.SelectMany(r => r.Rows).Select(r => r.Model).Distinct())
        {
            _stored.Add(model, model.Source(input.Name, rounding));
        }

        _mean = new Lazy<float[]>(() => count > rows.Length ? Mean() : []);
    }

    public override void Read(long start, Span<float> values, byte[] scratch)
    {
        while (values.Length > 0)
        {
            int row = (int)(start / _width), at = (int)(start % _width);
            int length = Math.Min(values.Length, _width - at);
            if (row < _rows.Length && _rows[row].Rows is [var (model, first)])
            {
                // Rows that follow each other there too are read at once.
                for (int next = row + 1; length < values.Length && next < _rows.Length && _rows[next].Rows is [var (other, place)] && other == model && place == first + next - row; next++)
                {
                    length = Math.Min(values.Length, length + _width);
                }

                _stored[model].Read((long)first * _width + at, values[..length], scratch);
            }
            else if (row < _rows.Length)
            {
                Average(_rows[row].Rows, at, values[..length], scratch);
            }
            else
            {
                _mean.Value.AsSpan(at, length).CopyTo(values);
            }

            start += length;
            values = values[length..];
        }
    }

    private void Average(IReadOnlyList<(InputModel Model, int Row)> rows, int at, Span<float> values, byte[] scratch)
    {
        Span<double> sum = new double[values.Length];
        foreach (var (model, row) in rows)
        {
            _stored[model].Read((long)row * _width + at, values, scratch);
            for (int i = 0; i < values.Length; i++)
            {
                sum[i] += values[i];
            }
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = rows.Count == 0 ? 0 : (float)(sum[i] / rows.Count);
        }
    }

    private float[] Mean()
    {
        double[] sum = new double[_width];
        float[] values = new float[_width];
        byte[] scratch = ArrayPool<byte>.Shared.Rent(_width * 8);
        for (int row = 0; row < _rows.Length; row++)
        {
            Read((long)row * _width, values, scratch);
            for (int i = 0; i < _width; i++)
            {
                sum[i] += values[i];
            }
        }

        ArrayPool<byte>.Shared.Return(scratch);
        return [.. sum.Select(s => (float)(s / _rows.Length))];
    }
}
