namespace Ballast.Data.Parquet;

/// <summary>Values one after another (encoding PLAIN).</summary>
internal sealed class PlainReader(SchemaElement column, ByteReader bytes) : ValueReader
{
    private byte _bits;
    private int _bitsLeft;

    public override long NextNumber()
    {
        switch (column.Type)
        {
            case PhysicalType.Boolean:
                if (_bitsLeft == 0)
                {
                    _bits = bytes.Byte();
                    _bitsLeft = 8;
                }

                _bitsLeft--;
                int bit = _bits & 1;
                _bits >>= 1;
                return bit;
            case PhysicalType.Int32 or PhysicalType.Float:
                return bytes.Int32();
            default:
                return bytes.Int64();
        }
    }

    public override ReadOnlyMemory<byte> NextBytes() => bytes.Take(column.Type switch
    {
        PhysicalType.ByteArray => bytes.Int32(),
        PhysicalType.Int96 => 12,
        _ => column.TypeLength,
    });
}

/// <summary>Booleans in runs (encoding RLE), after four bytes of length.</summary>
internal sealed class RunBooleanReader : ValueReader
{
    private readonly RunReader _runs;

    public RunBooleanReader(ByteReader bytes) => _runs = new RunReader(bytes.Part(bytes.Int32()), 1);

    public override long NextNumber() => _runs.Next();
}
