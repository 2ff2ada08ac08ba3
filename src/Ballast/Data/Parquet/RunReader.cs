namespace Ballast.Data.Parquet;

/// <summary>The hybrid of repeated and bit-packed runs in which levels, dictionary indices and booleans are written (encoding RLE).</summary>
internal sealed class RunReader
{
    private readonly ByteReader _bytes;
    private readonly int _width;
    private ReadOnlyMemory<byte> _packed;
    private bool _isPacked;
    private int _index;
    private int _count;
    private uint _repeated;

    /// <summary>A reader of numbers of <paramref name="width"/> bits.</summary>
    public RunReader(ByteReader bytes, int width)
    {
        _bytes = bytes;
        _width = width is >= 0 and <= 32 ? width : throw new InvalidDataException($"a page packs numbers of {width} bits, expected at most 32");
    }

    /// <summary>The next number.</summary>
    public int Next()
    {
        while (_index == _count)
        {
            BeginRun();
        }

        uint value = _isPacked ? (uint)BitPacking.Read(_packed.Span, _index, _width) : _repeated;
        _index++;
        return value <= int.MaxValue ? (int)value : throw new InvalidDataException("a level or index in a page exceeds 31 bits");
    }

    private void BeginRun()
    {
        uint header = _bytes.VarInt32();
        _index = 0;
        _isPacked = (header & 1) == 1;
        if (_isPacked)
        {
            // Each group holds 8 numbers in as many bytes as a number has bits.
            long size = (long)(header >> 1) * _width;
            _count = header >> 1 <= int.MaxValue / 8 ? (int)(header >> 1) * 8 : throw new InvalidDataException("a run in a page is too long");
            _packed = _bytes.Take((int)Math.Min(size, int.MaxValue));
        }
        else
        {
            _count = (int)(header >> 1);
            _repeated = 0;
            for (int shift = 0; shift < _width; shift += 8)
            {
                _repeated |= (uint)_bytes.Byte() << shift;
            }
        }
    }
}
