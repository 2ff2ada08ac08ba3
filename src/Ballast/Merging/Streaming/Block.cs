using System.Buffers;
using Ballast.Checkpoints;
using Ballast.Merging.Streaming;

namespace Ballast.Merging.Methods;

/// <summary>A run of elements of all inputs, in single precision; one for each thread. Inputs are read when they are asked for.</summary>
internal sealed class Block : IDisposable
{
    /// <summary>Buffers besides those of the inputs.</summary>
    public const int OwnBuffers = Scratches + 1;

    private const int Scratches = 3;

    private readonly TensorSource[] _sources;
    private readonly float[][] _values;
    private readonly float[][] _deltas;
    private readonly float[][] _scratch;
    private readonly bool[] _loaded;
    private readonly float[] _result;
    private readonly byte[] _bytes;
    private readonly int _baseAt;

    /// <summary>Buffers for blocks of up to <paramref name="capacity"/> elements.</summary>
    /// <param name="models">The models' tensors.</param>
    /// <param name="origin">The base's, when one stands apart.</param>
    /// <param name="capacity">Largest number of elements.</param>
    public Block(IReadOnlyList<TensorSource> models, TensorSource? origin, int capacity)
    {
        _sources = origin is null ? [.. models] : [.. models, origin];
        Models = models.Count;
        _baseAt = origin is null ? -1 : Models;
        _values = Rent(_sources.Length, capacity);
        _deltas = Rent(origin is null ? 0 : Models, capacity);
        _scratch = Rent(Scratches, capacity);
        _result = ArrayPool<float>.Shared.Rent(capacity);
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
        (Start, Count) = (start, count);
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
    public Span<byte> Output(int elementSize) => _bytes.AsSpan(0, Count * elementSize);

    /// <summary>Reads every stored input, handing its bytes to <paramref name="see"/> on the way.</summary>
    /// <exception cref="CheckpointException">A value is not finite.</exception>
    public void Load(Action<int, ReadOnlySpan<byte>> see)
    {
        for (int i = 0; i < _sources.Length; i++)
        {
            if (_sources[i] is StoredTensor stored)
            {
                ReadOnlySpan<byte> bytes = stored.ReadBytes(Start, Count, _bytes);
                see(i, bytes);
                if (!stored.Convert(bytes, _values[i].AsSpan(0, Count), _bytes))
                {
                    bytes = stored.ReadBytes(Start, Count, _bytes);
                    throw FiniteCheck.Fault(stored.Model.FileOf(stored.Entry.Name), stored.Entry.Name, Start + FiniteCheck.FirstNonFinite(stored.Entry.DType, bytes));
                }

                _loaded[i] = true;
            }
        }
    }

    public void Dispose()
    {
        foreach (float[] buffer in (IEnumerable<float[]>)[.. _values, .. _deltas, .. _scratch, _result])
        {
            ArrayPool<float>.Shared.Return(buffer);
        }

        ArrayPool<byte>.Shared.Return(_bytes);
    }

    private Span<float> Values(int source)
    {
        Span<float> values = _values[source].AsSpan(0, Count);
        if (!_loaded[source])
        {
            _sources[source].Read(Start, values, _bytes);
            _loaded[source] = true;
        }

        return values;
    }

    private static float[][] Rent(int count, int capacity) => [.. Enumerable.Range(0, count).Select(_ => ArrayPool<float>.Shared.Rent(capacity))];
}
