namespace Ballast.Data.Parquet;

/// <summary>Fixed-length values whose first bytes come first, then all second bytes, and so on (encoding BYTE_STREAM_SPLIT).</summary>
internal sealed class StreamSplitReader : ValueReader
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _width;
    private readonly int _count;
    private int _index;

    public StreamSplitReader(SchemaElement column, ByteReader bytes)
    {
        _width = column.Type switch
        {
            PhysicalType.Int32 or PhysicalType.Float => 4,
            PhysicalType.Int64 or PhysicalType.Double => 8,
            _ => column.TypeLength,
        };
        _count = bytes.Remaining / _width;
        _bytes = bytes.Take(bytes.Remaining);
    }

    public override long NextNumber()
    {
        ReadOnlySpan<byte> value = NextBytes().Span;
        return value.Length == 4 ? BitConverter.ToInt32(value) : BitConverter.ToInt64(value);
    }

    public override ReadOnlyMemory<byte> NextBytes()
    {
        if (_index == _count)
        {
            throw new InvalidDataException($"a page holds only {_count} values");
        }

        byte[] value = new byte[_width];
        for (int i = 0; i < _width; i++)
        {
            value[i] = _bytes.Span[i * _count + _index];
        }

        _index++;
        return value;
    }
}
