using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Tables of the rotary angles: cos and sin [positions, rotated / 2], grown as longer texts come.</summary>
/// <remarks>Where long texts have frequencies of their own, each position has two rows, for short texts and for long ones.</remarks>
internal sealed class RotaryEmbedding(DecoderConfig config, DType dtype, Device device) : IDisposable
{
    private readonly float[][] _frequencies = config.Rotary.ShortLength is null
        ? [config.Rotary.InverseFrequencies(config.RotaryDim)]
        : [config.Rotary.InverseFrequencies(config.RotaryDim), config.Rotary.InverseFrequencies(config.RotaryDim, isLong: true)];

    private Tensor? _cos;
    private Tensor? _sin;
    private long _reserved;

    /// <summary>Turns the query and key heads of each row of qkv [N, (H + 2 K) C] by its position, in place; backward turns back.</summary>
    public void Apply(Tensor qkv, Pass pass, bool backward = false)
    {
        Reserve(pass.MaxPosition + 1);
        Ops.Rope(qkv, _cos!, _sin!, pass.RotaryRows(config.Rotary.ShortLength), config.NumHeads + config.NumKvHeads, config.HeadDim, backward);
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private void Reserve(long positions)
    {
        if (_cos is not null && _reserved >= positions)
        {
            return;
        }

        Dispose();
        _reserved = Math.Max(positions, _reserved > 0 ? 2 * _reserved : 128);
        int sets = _frequencies.Length, half = _frequencies[0].Length;
        long rows = _reserved * sets;
        var cos = new double[rows * half];
        var sin = new double[rows * half];
        for (long i = 0; i < cos.Length; i++)
        {
            long row = i / half;
            float angle = row / sets * _frequencies[row % sets][i % half];  // in float32, as every reference does
            (sin[i], cos[i]) = Math.SinCos(angle);
            sin[i] *= config.Rotary.Magnitude;
            cos[i] *= config.Rotary.Magnitude;
        }

        _cos = Table(cos, rows, half);
        _sin = Table(sin, rows, half);
    }

    private Tensor Table(double[] values, long positions, int half)
    {
        using var table = Tensor.From<double>(values, positions, half);
        return table.To(device, dtype is DType.F64 ? DType.F64 : DType.F32);
    }
}
