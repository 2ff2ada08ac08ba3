using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>A tensor that an adapter's file holds whole, in place of the base model's.</summary>
internal sealed class AdapterFileTensor : TensorSource
{
    private readonly SafetensorsFile _file;
    private readonly TensorEntry _entry;
    private readonly DType? _rounding;

    /// <summary>The tensor under <paramref name="key"/>, which must be shaped like the base's.</summary>
    /// <exception cref="CheckpointException">It is shaped otherwise or not finite.</exception>
    public AdapterFileTensor(SafetensorsFile file, string key, TensorEntry like, DType? rounding)
    {
        (_file, _entry, _rounding) = (file, file.Entries[key], rounding);
        if (!_entry.DType.IsFloat || !_entry.Shape.AsSpan().SequenceEqual(like.Shape))
        {
            throw new CheckpointException($"{file.Path}: tensor {PrintableName.Quote(key)} is {_entry.Description}; the base model's is {like.Description}");
        }

        int bad = FiniteCheck.FirstNonFinite(_entry.DType, file.Bytes(key));
        if (bad >= 0)
        {
            throw FiniteCheck.Fault(file.Path, key, bad);
        }
    }

    public override void Read(long start, Span<float> values, byte[] scratch)
    {
        int size = _entry.DType.BitSize / 8;
        Span<byte> bytes = scratch.AsSpan(0, values.Length * size);
        _file.Read(_entry.Name, start * size, bytes);
        FloatConversion.ToSingle(_entry.DType, bytes, values);
        Round(values, _rounding, scratch);
    }
}
