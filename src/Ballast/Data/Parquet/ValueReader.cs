namespace Ballast.Data.Parquet;

/// <summary>Reads the values of a page one by one: numbers (and the bits of floats) or byte strings, as the column's type has it.</summary>
internal abstract class ValueReader
{
    /// <summary>The next boolean, integer, or bit pattern of a float.</summary>
    public virtual long NextNumber() => throw new InvalidDataException("the page's encoding does not hold numbers");

    /// <summary>The next byte string, valid as long as the page.</summary>
    public virtual ReadOnlyMemory<byte> NextBytes() => throw new InvalidDataException("the page's encoding does not hold byte strings");

    /// <summary>A reader for the values of a page that are not in a dictionary.</summary>
    public static ValueReader Create(PageEncoding encoding, SchemaElement column, ByteReader bytes) => (encoding, column.Type) switch
    {
        (PageEncoding.Plain, _) => new PlainReader(column, bytes),
        (PageEncoding.Rle, PhysicalType.Boolean) => new RunBooleanReader(bytes),
        (PageEncoding.DeltaBinaryPacked, PhysicalType.Int32 or PhysicalType.Int64) => new DeltaReader(bytes, column.Type == PhysicalType.Int32),
        (PageEncoding.DeltaLengthByteArray, PhysicalType.ByteArray) => new DeltaLengthReader(bytes),
        (PageEncoding.DeltaByteArray, PhysicalType.ByteArray or PhysicalType.FixedLenByteArray) => new DeltaStringReader(bytes),
        (PageEncoding.ByteStreamSplit, not PhysicalType.Boolean and not PhysicalType.ByteArray and not PhysicalType.Int96) => new StreamSplitReader(column, bytes),
        _ => throw new InvalidDataException($"encoding {encoding} of {column.Type} values is not supported"),
    };
}
