namespace Ballast.Data.Parquet;

/// <summary>Integers as bit-packed differences in blocks (encoding DELTA_BINARY_PACKED).</summary>
internal sealed class DeltaReader : ValueReader
{
    /// <summary>Far above any real page, so that a few hostile bytes cannot keep the reader busy.</summary>
    private const uint MaxCount = 1 << 26;

    private readonly ByteReader _bytes;
    private readonly bool _is32Bit;
    private readonly int _miniblocks;
    private readonly int _miniblockSize;
    private readonly byte[] _widths;
    private ReadOnlyMemory<byte> _packed;
    private long _value;
    private long _minDelta;
    private int _miniblock;
    private int _index;
    private long _returned;

    /// <summary>Reads the header: block size, miniblocks per block, count, first value.</summary>
    public DeltaReader(ByteReader bytes, bool is32Bit)
    {
        _bytes = bytes;
        _is32Bit = is32Bit;
        uint blockSize = bytes.VarInt32();
        uint miniblocks = bytes.VarInt32();
        Count = bytes.VarInt32();
        _value = bytes.ZigZag64();
        if (miniblocks is 0 or > 1024 || blockSize is 0 or > 1 << 20 || blockSize % (miniblocks * 8) != 0 || Count > MaxCount)
        {
            throw new InvalidDataException($"a delta-encoded page has {miniblocks} miniblocks in blocks of {blockSize} for {Count} values");
        }

        _miniblocks = (int)miniblocks;
        _miniblockSize = (int)(blockSize / miniblocks);
        _widths = new byte[_miniblocks];
        _miniblock = _miniblocks;
        _index = _miniblockSize;
    }

    /// <summary>How many values there are.</summary>
    public uint Count { get; }

    public override long NextNumber()
    {
        if (_returned == Count)
        {
            throw new InvalidDataException($"a delta-encoded page holds only {Count} values");
        }

        if (_returned++ > 0)
        {
            if (_index == _miniblockSize)
            {
                BeginMiniblock();
            }

            long delta = unchecked((long)BitPacking.Read(_packed.Span, _index++, _widths[_miniblock]));
            _value = unchecked(_value + _minDelta + delta);
        }

        return _is32Bit ? unchecked((int)_value) : _value;
    }

    /// <summary>Passes over all values, which leaves the bytes at what follows them.</summary>
    public void SkipAll()
    {
        for (long left = Count - _returned; left > 0; left--)
        {
            NextNumber();
        }
    }

    private void BeginMiniblock()
    {
        _miniblock++;
        if (_miniblock >= _miniblocks)
        {
            _minDelta = _bytes.ZigZag64();
            _bytes.Take(_miniblocks).CopyTo(_widths);
            _miniblock = 0;
        }

        int width = _widths[_miniblock];
        _packed = width <= 64 ? _bytes.Take(_miniblockSize / 8 * width) : throw new InvalidDataException($"a delta-encoded page packs numbers of {width} bits");
        _index = 0;
    }
}
