using System.Buffers;
using Ballast.Merging.Streaming;
using Ballast.Tensors;

namespace Ballast.Merging.Methods;

/// <summary>A run of elements of all inputs, in single precision; one for each thread. Inputs are read and converted when they are asked for.</summary>
internal sealed class Block : IDisposable
{
    /// <summary>Buffers besides those of the inputs.</summary>
    public const int OwnBuffers = Scratches + 1;

    private const int Scratches = 3;

    private readonly TensorSource[] _sources;
    private readonly DType _output;
    private readonly float[][] _values;
    private readonly float[][] _deltas;
    private readonly float[][] _scratch;
    private readonly bool[] _loaded;
    private readonly float[] _result;
    private readonly byte[] _spare;
    private readonly int _baseAt;

    /// <summary>Buffers for blocks of up to <paramref name="capacity"/> elements.</summary>
    /// <param name="models">The models' tensors.</param>
    /// <param name="origin">The base's, when one stands apart.</param>
    /// <param name="output">Type of the result.</param>
    /// <param name="capacity">Largest number of elements of a block.</param>
    /// <param name="stretch">Largest number of elements of a stretch.</param>
    public Block(IReadOnlyList<TensorSource> models, TensorSource? origin, DType output, int capacity, int stretch)
    {
        _sources = origin is null ? [.. models] : [.. models, origin];
        _output = output;
        Models = models.Count;
        _baseAt = origin is null ? -1 : Models;
        Stretch = new Stretch(_sources, output, stretch);
        _values = Rent(_sources.Length, capacity);
        _deltas = Rent(origin is null ? 0 : Models, capacity);
        _scratch = Rent(Scratches, capacity);
        _result = ArrayPool<float>.Shared.Rent(capacity);
        _loaded = new bool[_sources.Length];
        _spare = ArrayPool<byte>.Shared.Rent(capacity * 8);
    }

    /// <summary>The bytes of this block and its neighbors.</summary>
    public Stretch Stretch { get; }

    /// <summary>Index of the first element in the tensor.</summary>
    public long Start { get; private set; }

    /// <summary>Number of elements.</summary>
    public int Count { get; private set; }

    /// <summary>Number of models.</summary>
    public int Models { get; }

    /// <summary>The base's values.</summary>
    public ReadOnlySpan<float> Base => Values(_baseAt);

    /// <summary>Whether the stretch ends here, so that its result is complete after this block.</summary>
    public bool EndsStretch => Start + Count == Stretch.Start + Stretch.Count;

    /// <summary>Goes on to other elements of the stretch.</summary>
    public void Move(long start, int count)
    {
        (Start, Count, IsDone) = (start, count, false);
        Array.Clear(_loaded);
    }

    /// <summary>A model's values.</summary>
    public ReadOnlySpan<float> Model(int model) => Values(model);

    /// <summary>A model's values minus the base's, computed anew at each call into a buffer of that model; the caller may change them.</summary>
    public Span<float> Delta(int model)
    {
        Span<float> delta = Prepared(model);
        if (_loaded[model] || NarrowType(model) is not { } type || NarrowType(_baseAt) != type || !NarrowKernels.TrySubtract(type, Stored(model), Stored(_baseAt), delta))
        {
            Kernels.Subtract(Model(model), Base, delta);
        }

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

    /// <summary>Where the result goes in its own type.</summary>
    public Span<byte> Output => Stretch.ResultOf(Start, Count);

    /// <summary>Whether <see cref="Output"/> holds the result already, so that <see cref="Result"/> means nothing.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Makes the output sum w_i T_i without a buffer between, where inputs and output are of one 16-bit type; the same bits.</summary>
    /// <param name="inputs">The inputs that count.</param>
    /// <param name="weights">One for each.</param>
    /// <returns>False when that does not apply or a sum does not fit; then nothing is done.</returns>
    public bool TrySum(int[] inputs, float[] weights)
    {
        byte[][] terms = new byte[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (NarrowType(inputs[i]) != _output)
            {
                return false;
            }

            terms[i] = Stretch.Input(inputs[i]);
        }

        return IsDone = NarrowKernels.TrySum(_output, terms, (int)(Start - Stretch.Start), weights, Output);
    }

    /// <summary>Makes the output base + factor x likewise.</summary>
    public bool TryAddToBase(ReadOnlySpan<float> x, float factor) =>
        IsDone = NarrowType(_baseAt) == _output && NarrowKernels.TryAddScaled(_output, x, factor, Stored(_baseAt), Output);

    public void Dispose()
    {
        foreach (float[] buffer in (IEnumerable<float[]>)[.. _values, .. _deltas, .. _scratch, _result])
        {
            ArrayPool<float>.Shared.Return(buffer);
        }

        ArrayPool<byte>.Shared.Return(_spare);
        Stretch.Dispose();
    }

    private ReadOnlySpan<byte> Stored(int source) => Stretch.Input(source, Start, Count);

    /// <summary>The type of an input that is stored in 16 bits and taken as it is; else null.</summary>
    private DType? NarrowType(int source) =>
        _sources[source] is StoredTensor { IsRounded: false } stored && stored.Entry.DType is DType.F16 or DType.BF16 ? stored.Entry.DType : null;

    private Span<float> Values(int source)
    {
        Span<float> values = _values[source].AsSpan(0, Count);
        if (!_loaded[source])
        {
            if (_sources[source] is StoredTensor stored)
            {
                stored.Convert(Stored(source), values, _spare);
            }
            else
            {
                _sources[source].Read(Start, values, _spare);
            }

            _loaded[source] = true;
        }

        return values;
    }

    private static float[][] Rent(int count, int capacity) => [.. Enumerable.Range(0, count).Select(_ => ArrayPool<float>.Shared.Rent(capacity))];
}
