using System.Buffers;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>The bytes of a run of elements, of all stored inputs and of the result: files are read and written in longer pieces than fit the caches as numbers.</summary>
internal sealed class Stretch : IDisposable
{
    private readonly StoredTensor?[] _inputs;
    private readonly byte[][] _bytes;
    private readonly bool[] _read;
    private readonly byte[] _result;
    private readonly int _resultSize;

    /// <summary>Buffers for up to <paramref name="capacity"/> elements.</summary>
    /// <param name="inputs">The inputs; those that are not stored are left out.</param>
    /// <param name="output">Type of the result.</param>
    /// <param name="capacity">Largest number of elements.</param>
    public Stretch(IReadOnlyList<TensorSource> inputs, DType output, int capacity)
    {
        _inputs = [.. inputs.Select(s => s as StoredTensor)];
        _bytes = [.. _inputs.Select(s => ArrayPool<byte>.Shared.Rent(s is null ? 0 : capacity * s.ElementSize))];
        _read = new bool[_inputs.Length];
        _resultSize = output.BitSize / 8;
        _result = ArrayPool<byte>.Shared.Rent(capacity * _resultSize);
    }

    /// <summary>Index of the first element in the tensor.</summary>
    public long Start { get; private set; }

    /// <summary>Number of elements.</summary>
    public int Count { get; private set; }

    /// <summary>The first byte of the result within its tensor.</summary>
    public long Offset => Start * _resultSize;

    /// <summary>The result in its own type.</summary>
    public Span<byte> Result => _result.AsSpan(0, Count * _resultSize);

    /// <summary>Goes on to other elements.</summary>
    public void Move(long start, int count)
    {
        (Start, Count) = (start, count);
        Array.Clear(_read);
    }

    /// <summary>Part of the result.</summary>
    public Span<byte> ResultOf(long start, int count) => _result.AsSpan((int)(start - Start) * _resultSize, count * _resultSize);

    /// <summary>The buffer of a stored input, which is read once.</summary>
    public byte[] Input(int input)
    {
        if (!_read[input])
        {
            _inputs[input]!.ReadBytes(Start, _bytes[input].AsSpan(0, Count * _inputs[input]!.ElementSize));
            _read[input] = true;
        }

        return _bytes[input];
    }

    /// <summary>Part of a stored input.</summary>
    public ReadOnlySpan<byte> Input(int input, long start, int count)
    {
        int size = _inputs[input]!.ElementSize;
        return Input(input).AsSpan((int)(start - Start) * size, count * size);
    }

    /// <summary>Reads every stored input, handing its bytes to <paramref name="see"/>.</summary>
    /// <exception cref="CheckpointException">A value is not finite.</exception>
    public void Load(Action<int, ReadOnlySpan<byte>> see)
    {
        for (int i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i] is { } stored)
            {
                ReadOnlySpan<byte> bytes = Input(i, Start, Count);
                see(i, bytes);
                if (FiniteCheck.FirstNonFinite(stored.Entry.DType, bytes) is >= 0 and int bad)
                {
                    throw FiniteCheck.Fault(stored.Model.FileOf(stored.Entry.Name), stored.Entry.Name, Start + bad);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (byte[] buffer in (IEnumerable<byte[]>)[.. _bytes, _result])
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
