using System.Buffers;
using Ballast.Checkpoints;
using Ballast.Merging.Methods;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>Hashes the inputs of one tensor while a pass reads them for another purpose.</summary>
internal sealed class InputDigests
{
    private readonly StoredTensor?[] _inputs;
    private readonly List<uint[]?>[] _parts;
    private readonly byte[]?[] _small;
    private readonly InputHashes _hashes;

    /// <summary>Begins with the inputs that were not read yet; one that stands there twice is hashed once.</summary>
    public InputDigests(StoredTensor?[] inputs, InputHashes hashes)
    {
        _hashes = hashes;
        _inputs = [.. inputs.Select((s, i) => s is null || hashes.Knows(s.Model, s.Entry.Name)
            || Array.FindIndex(inputs, other => other?.Model == s.Model && other.Entry == s.Entry) < i ? null : s)];
        _parts = [.. _inputs.Select(_ => new List<uint[]?>())];
        _small = new byte[_inputs.Length][];
    }

    /// <summary>Begins a part.</summary>
    public Part Begin(int part) => new(this, part);

    /// <summary>Keeps the hashes after the last part.</summary>
    public void Complete()
    {
        for (int i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i] is { } input)
            {
                _hashes.Add(input.Model, input.Entry.Name, _parts[i].Count == 0 ? Blake3.Hash([]) : Blake3.Digest([.. _parts[i].Select(p => p!)], _small[i]));
            }
        }
    }

    /// <summary>The inputs' elements of one part, in order.</summary>
    internal sealed class Part(InputDigests owner, int number)
    {
        private readonly uint[]?[] _values = new uint[owner._inputs.Length][];
        private readonly int[] _used = new int[owner._inputs.Length];

        /// <summary>Takes the next bytes of an input.</summary>
        public void Add(int input, long start, ReadOnlySpan<byte> bytes)
        {
            if (owner._inputs[input] is not { } stored)
            {
                return;
            }

            int size = stored.Entry.DType.BitSize / 8, chunks = (bytes.Length + Blake3.ChunkBytes - 1) / Blake3.ChunkBytes;
            uint[] values = _values[input] ??= ArrayPool<uint>.Shared.Rent(MergeTensor.PartElements * size / Blake3.ChunkBytes * 8);
            Blake3.Chunks(bytes, start * size / Blake3.ChunkBytes, values.AsSpan(_used[input] * 8, chunks * 8));
            _used[input] += chunks;
            if (stored.Entry.ByteCount <= Blake3.ChunkBytes)
            {
                owner._small[input] = bytes.ToArray();
            }
        }

        /// <summary>Ends the part.</summary>
        public void End()
        {
            for (int i = 0; i < _values.Length; i++)
            {
                if (_values[i] is not { } values)
                {
                    continue;
                }

                uint[] top = values[..(Blake3.Reduce(values, _used[i]) * 8)];
                ArrayPool<uint>.Shared.Return(values);
                List<uint[]?> parts = owner._parts[i];
                lock (parts)
                {
                    while (parts.Count <= number)
                    {
                        parts.Add(null);
                    }

                    parts[number] = top;
                }
            }
        }
    }
}
