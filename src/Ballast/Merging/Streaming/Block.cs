using System.Buffers;
using Ballast.Checkpoints;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>A run of elements of all inputs, in single precision; one for each thread. Inputs are read when they are asked for.</summary>
internal sealed class Block : IDisposable
{
    /// <summary>Buffers besides those of the inputs.</summary>
    public const int OwnBuffers = Scratches + 1;

    private const int Scratches = 3;

    private readonly TensorSource[] _sources;
    private readonly DType _output;
    private readonly byte[][] _stored;
    private readonly float[][] _values;
    private readonly float[][] _deltas;
    private readonly float[][] _scratch;
    private readonly bool[] _read;
    private readonly bool[] _loaded;
    private readonly float[] _result;
    private readonly byte[] _bytes;
    private readonly int _baseAt;

    /// <summary>Buffers for blocks of up to <paramref name="capacity"/> elements.</summary>
    /// <param name="models">The models' tensors.</param>
    /// <param name="origin">The base's, when one stands apart.</param>
    /// <param name="output">Type of the result.</param>
    /// <param name="capacity">Largest number of elements.</param>
    public Block(IReadOnlyList<TensorSource> models, TensorSource? origin, DType output, int capacity)
    {
        _sources = origin is null ? [.. models] : [.. models, origin];
        _output = output;
        Models = models.Count;
        _baseAt = origin is null ? -1 : Models;
        _stored = [.. _sources.Select(s => ArrayPool<byte>.Shared.Rent(s is StoredTensor stored ? capacity * stored.ElementSize : 0))];
        _values = Rent(_sources.Length, capacity);
        _deltas = Rent(origin is null ? 0 : Models, capacity);
        _scratch = Rent(Scratches, capacity);
        _result = ArrayPool<float>.Shared.Rent(capacity);
        _read = new bool[_sources.Length];
        _loaded = new bool[_sources.Length];
        _bytes = ArrayPool<byte>.Shared.Rent(capacity * 8);
    }

    /// <summary>Index of the first element in the tensor.</summary>
    public long Start { get; private set; }

    /// <summary>Number of elements.</summary>
    public int Count { get; private set; }

    /// <summary>Number of models.</summary>
    public int Models { get; }

    /// <summary>The base's values.</summary>
    public ReadOnlySpan<float> Base => Values(_baseAt);

    /// <summary>Goes on to other elements.</summary>
    public void Move(long start, int count)
    {
        (Start, Count, IsDone) = (start, count, false);
        Array.Clear(_read);
        Array.Clear(_loaded);
    }

    /// <summary>A model's values.</summary>
    public ReadOnlySpan<float> Model(int model) => Values(model);

    /// <summary>A model's values minus the base's, computed anew at each call into a buffer of that model; the caller may change them.</summary>
    public Span<float> Delta(int model)
    {
        Span<float> delta = Prepared(model);
        Kernels.Subtract(Model(model), Base, delta);
        return delta;
    }

    /// <summary>The buffer of <see cref="Delta"/> as it was left.</summary>
    public Span<float> Prepared(int model) => _deltas[model].AsSpan(0, Count);

    /// <summary>A model's difference from the base, or its values, or those of the base for the number behind the last model.</summary>
    public ReadOnlySpan<float> Vector(int index, bool deltas) => deltas ? Delta(index) : Values(index);

    /// <summary>One of three buffers for the caller; it holds anything.</summary>
    public Span<float> Scratch(int index) => _scratch[index].AsSpan(0, Count);

    /// <summary>A buffer for the result.</summary>
    public Span<float> Result => _result.AsSpan(0, Count);

    /// <summary>A buffer for the result in its own type, valid until an input is read.</summary>
    public Span<byte> Output => _bytes.AsSpan(0, Count * _output.BitSize / 8);

    /// <summary>Whether <see cref="Output"/> holds the result already, so that <see cref="Result"/> means nothing.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Makes the result sum w_i T_i without a buffer between, where inputs and output are of one 16-bit type; the same bits.</summary>
    /// <param name="inputs">The inputs that count.</param>
    /// <param name="weights">One for each.</param>
    /// <returns>False when that does not apply or a sum does not fit; nothing is done then.</returns>
    public bool TrySum(int[] inputs, float[] weights)
    {
        byte[][] terms = new byte[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (_sources[inputs[i]] is not StoredTensor { IsRounded: false } stored || stored.Entry.DType != _output)
            {
                return false;
            }

            Stored(inputs[i]);
            terms[i] = _stored[inputs[i]];
        }

        return IsDone = terms.Length > 0 && NarrowSum.Try(_output, terms, weights, Output);
    }

    /// <summary>Reads every stored input, handing its bytes to <paramref name="see"/>.</summary>
    /// <exception cref="CheckpointException">A value is not finite.</exception>
    public void Load(Action<int, ReadOnlySpan<byte>> see)
    {
        for (int i = 0; i < _sources.Length; i++)
        {
            if (_sources[i] is StoredTensor stored)
            {
                ReadOnlySpan<byte> bytes = Stored(i);
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
        foreach (float[] buffer in (IEnumerable<float[]>)[.. _values, .. _deltas, .. _scratch, _result])
        {
            ArrayPool<float>.Shared.Return(buffer);
        }

        foreach (byte[] buffer in (IEnumerable<byte[]>)[.. _stored, _bytes])
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The bytes of a stored input, read once.</summary>
    private ReadOnlySpan<byte> Stored(int source)
    {
        StoredTensor stored = (StoredTensor)_sources[source];
        Span<byte> bytes = _stored[source].AsSpan(0, Count * stored.ElementSize);
        if (!_read[source])
        {
            stored.ReadBytes(Start, bytes);
            _read[source] = true;
        }

        return bytes;
    }

    private Span<float> Values(int source)
    {
        Span<float> values = _values[source].AsSpan(0, Count);
        if (!_loaded[source])
        {
            if (_sources[source] is StoredTensor stored)
            {
                stored.Convert(Stored(source), values, _bytes);
            }
            else
            {
                _sources[source].Read(Start, values, _bytes);
            }

            _loaded[source] = true;
        }

        return values;
    }

    private static float[][] Rent(int count, int capacity) => [.. Enumerable.Range(0, count).Select(_ => ArrayPool<float>.Shared.Rent(capacity))];
}
