namespace Ballast.Data.Parquet;

/// <summary>How values are stored; the numbers are those of the format.</summary>
internal enum PhysicalType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedLenByteArray = 7,
}

/// <summary>How often a field occurs in its parent.</summary>
internal enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}

/// <summary>What values mean, from either of the format's two annotations.</summary>
internal enum LogicalType
{
    None,
    Text,
    List,
    Map,
    Decimal,
    Date,
    Time,
    Timestamp,
    Unsigned,
    Uuid,
    Half,
    Interval,
}

/// <summary>Compression of pages; the numbers are those of the format.</summary>
internal enum Codec
{
    Uncompressed = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,
    Lz4 = 5,
    Zstd = 6,
    Lz4Raw = 7,
}

/// <summary>Encoding of values inside a page; the numbers are those of the format.</summary>
internal enum PageEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    Rle = 3,
    BitPacked = 4,
    DeltaBinaryPacked = 5,
    DeltaLengthByteArray = 6,
    DeltaByteArray = 7,
    RleDictionary = 8,
    ByteStreamSplit = 9,
}
