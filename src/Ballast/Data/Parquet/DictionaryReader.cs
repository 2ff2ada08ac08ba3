namespace Ballast.Data.Parquet;

/// <summary>The distinct values of a column chunk, from its dictionary page.</summary>
internal sealed class ColumnDictionary
{
    private readonly long[] _numbers = [];
    private readonly ReadOnlyMemory<byte>[] _strings = [];

    /// <summary>Reads the page's values, which are PLAIN.</summary>
    public ColumnDictionary(SchemaElement column, ByteReader bytes, int count)
    {
        // Every value but a boolean takes at least four bytes, so the page bounds the arrays.
        if (count < 0 || count > bytes.Remaining)
        {
            throw new InvalidDataException($"a dictionary claims {count} values in {bytes.Remaining} bytes");
        }

        PlainReader values = new(column, bytes);
        if (StoresNumbers(column))
        {
            _numbers = new long[count];
            for (int i = 0; i < count; i++)
            {
                _numbers[i] = values.NextNumber();
            }
        }
        else
        {
            _strings = new ReadOnlyMemory<byte>[count];
            for (int i = 0; i < count; i++)
            {
                _strings[i] = values.NextBytes();
            }
        }
    }

    /// <summary>True when values of a column are read with <see cref="ValueReader.NextNumber"/>.</summary>
    public static bool StoresNumbers(SchemaElement column) =>
        column.Type is not (PhysicalType.ByteArray or PhysicalType.FixedLenByteArray or PhysicalType.Int96);

    /// <summary>The number at an index.</summary>
    public long Number(int index) => index < _numbers.Length ? _numbers[index] : throw Outside(index, _numbers.Length);

    /// <summary>The byte string at an index.</summary>
    public ReadOnlyMemory<byte> String(int index) => index < _strings.Length ? _strings[index] : throw Outside(index, _strings.Length);

    private static InvalidDataException Outside(int index, int count) => new($"a page refers to entry {index} of a dictionary of {count}");
}

/// <summary>Indices into the dictionary in runs (encodings PLAIN_DICTIONARY and RLE_DICTIONARY), after a byte that gives their width.</summary>
internal sealed class DictionaryReader : ValueReader
{
    private readonly ColumnDictionary _dictionary;
    private readonly RunReader? _indices;

    public DictionaryReader(ColumnDictionary dictionary, ByteReader bytes)
    {
        _dictionary = dictionary;
        _indices = bytes.Remaining == 0 ? null : new RunReader(bytes, bytes.Byte());
    }

    public override long NextNumber() => _dictionary.Number(Next());

    public override ReadOnlyMemory<byte> NextBytes() => _dictionary.String(Next());

    /// <summary>A page of nulls alone may leave the width out.</summary>
    private int Next() => _indices?.Next() ?? throw new InvalidDataException("a page lacks its dictionary indices");
}
