using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Tables of the rotary angles: cos and sin [positions, C / 2], grown as longer texts come.</summary>
internal sealed class RotaryEmbedding(DecoderConfig config, DType dtype, Device device) : IDisposable
{
    private readonly float[] _frequencies = config.Rotary.InverseFrequencies(config.RotaryDim);
    private Tensor? _cos;
    private Tensor? _sin;

    /// <summary>Turns the query and key heads of each row of qkv [N, (H + 2 K) C] by its position, in place; backward turns back.</summary>
    public void Apply(Tensor qkv, Pass pass, bool backward = false)
    {
        Reserve(pass.MaxPosition + 1);
        Ops.Rope(qkv, _cos!, _sin!, pass.Positions, config.NumHeads + config.NumKvHeads, config.HeadDim, backward);
    }

    public void Dispose()
    {
        _cos?.Dispose();
        _sin?.Dispose();
    }

    private void Reserve(long positions)
    {
        if (_cos is not null && _cos.Shape[0] >= positions)
        {
            return;
        }

        Dispose();
        positions = Math.Max(positions, 2 * (_cos?.Shape[0] ?? 64));
        int half = _frequencies.Length;
        var cos = new double[positions * half];
        var sin = new double[positions * half];
        for (int i = 0; i < cos.Length; i++)
        {
            float angle = i / half * _frequencies[i % half];  // in float32, as every reference does
            (sin[i], cos[i]) = Math.SinCos(angle);
        }

        _cos = Table(cos, positions, half);
        _sin = Table(sin, positions, half);
    }

    private Tensor Table(double[] values, long positions, int half)
    {
        using var table = Tensor.From<double>(values, positions, half);
        return table.To(device, dtype is DType.F64 ? DType.F64 : DType.F32);
    }
}
