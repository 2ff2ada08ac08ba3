using Ballast.Tensors;

namespace Ballast.Models;

/// <summary>Keys and values of the tokens seen so far, [B, K, capacity, C] per layer.</summary>
internal sealed class KvCache : IDisposable
{
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;

    private KvCache(Tensor[] keys, Tensor[] values, Tensor lengths) => (_keys, _values, Lengths) = (keys, values, lengths);

    public KvCache(DecoderConfig config, DType dtype, Device device, int batch, int capacity)
    {
        _keys = [.. Enumerable.Range(0, config.NumLayers).Select(_ => Tensor.Zeros(dtype, device, batch, config.NumKvHeads, capacity, config.HeadDim))];
        _values = [.. Enumerable.Range(0, config.NumLayers).Select(_ => Tensor.Zeros(dtype, device, batch, config.NumKvHeads, capacity, config.HeadDim))];
        Lengths = Tensor.Zeros(DType.I64, device, batch);
    }

    /// <summary>Cached positions of each sequence, the token being decoded included; I64 [B].</summary>
    public Tensor Lengths { get; }

    /// <summary>False while prompts are read, true while single tokens are.</summary>
    public bool Decoding { get; set; }

    public Tensor Keys(int layer) => _keys[layer];

    public Tensor Values(int layer) => _values[layer];

    /// <summary>A cache of some of the sequences only.</summary>
    public KvCache Keep(int[] sequences)
    {
        using var numbers = Tensor.From<long>(Array.ConvertAll(sequences, i => (long)i), sequences.Length);
        using var rows = numbers.To(Lengths.Device);
        return new KvCache([.. _keys.Select(k => k.Rows(rows))], [.. _values.Select(v => v.Rows(rows))], Lengths.Rows(rows));
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[.. _keys, .. _values, Lengths])
        {
            tensor.Dispose();
        }
    }
}
