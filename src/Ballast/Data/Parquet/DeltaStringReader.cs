namespace Ballast.Data.Parquet;

/// <summary>Byte strings after all their lengths (encoding DELTA_LENGTH_BYTE_ARRAY).</summary>
internal sealed class DeltaLengthReader : ValueReader
{
    private readonly DeltaReader _lengths;
    private readonly ByteReader _strings;

    public DeltaLengthReader(ByteReader bytes)
    {
        _lengths = new DeltaReader(bytes.Fork(), is32Bit: true);
        new DeltaReader(bytes, is32Bit: true).SkipAll();
        _strings = bytes;
    }

    public override ReadOnlyMemory<byte> NextBytes() => _strings.Take((int)_lengths.NextNumber());
}

/// <summary>Byte strings that share a beginning with the one before (encoding DELTA_BYTE_ARRAY): all shared lengths, then the rests.</summary>
internal sealed class DeltaStringReader : ValueReader
{
    private readonly DeltaReader _shared;
    private readonly DeltaLengthReader _rests;
    private byte[] _last = [];

    public DeltaStringReader(ByteReader bytes)
    {
        _shared = new DeltaReader(bytes.Fork(), is32Bit: true);
        new DeltaReader(bytes, is32Bit: true).SkipAll();
        _rests = new DeltaLengthReader(bytes);
    }

    public override ReadOnlyMemory<byte> NextBytes()
    {
        long shared = _shared.NextNumber();
        if (shared < 0 || shared > _last.Length)
        {
            throw new InvalidDataException($"a string shares {shared} bytes with one of {_last.Length}");
        }

        ReadOnlySpan<byte> rest = _rests.NextBytes().Span;
        _last = [.. _last.AsSpan(0, (int)shared), .. rest];
        return _last;
    }
}
