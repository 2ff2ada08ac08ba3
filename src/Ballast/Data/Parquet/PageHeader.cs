namespace Ballast.Data.Parquet;

/// <summary>Kinds of pages; the numbers are those of the format.</summary>
internal enum PageType
{
    Data = 0,
    Index = 1,
    Dictionary = 2,
    DataV2 = 3,
}

/// <summary>The header in front of each page.</summary>
/// <param name="Type">Kind of page.</param>
/// <param name="UncompressedSize">Bytes after decompression, levels included.</param>
/// <param name="CompressedSize">Bytes in the file after the header.</param>
/// <param name="Values">Values in the page, nulls included.</param>
/// <param name="Encoding">Encoding of the values.</param>
/// <param name="DefinitionEncoding">Encoding of the definition levels of a version 1 page.</param>
/// <param name="RepetitionEncoding">Encoding of the repetition levels of a version 1 page.</param>
/// <param name="DefinitionBytes">Length of the definition levels of a version 2 page.</param>
/// <param name="RepetitionBytes">Length of the repetition levels of a version 2 page.</param>
/// <param name="IsCompressed">False when the values of a version 2 page are stored as they are.</param>
internal sealed record PageHeader(
    PageType Type,
    int UncompressedSize,
    int CompressedSize,
    int Values,
    PageEncoding Encoding,
    PageEncoding DefinitionEncoding,
    PageEncoding RepetitionEncoding,
    int DefinitionBytes,
    int RepetitionBytes,
    bool IsCompressed)
{
    /// <summary>Reads a header.</summary>
    public static PageHeader Read(ref ThriftReader reader)
    {
        PageHeader header = new((PageType)(-1), -1, -1, 0, PageEncoding.Plain, PageEncoding.Rle, PageEncoding.Rle, 0, 0, true);
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    header = header with { Type = (PageType)reader.Int32(type) };
                    break;
                case 2:
                    header = header with { UncompressedSize = reader.Int32(type) };
                    break;
                case 3:
                    header = header with { CompressedSize = reader.Int32(type) };
                    break;
                case 5 or 7 or 8:
                    ThriftReader.Struct(type);
                    header = header.WithDetails(ref reader, isVersion2: id == 8);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return header;
    }

    /// <summary>The three detail structs agree on fields 1 and 2 except that version 2 has its own order.</summary>
    private PageHeader WithDetails(ref ThriftReader reader, bool isVersion2)
    {
        PageHeader header = this;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (isVersion2, id)
            {
                case (_, 1):
                    header = header with { Values = reader.Int32(type) };
                    break;
                case (false, 2) or (true, 4):
                    header = header with { Encoding = (PageEncoding)reader.Int32(type) };
                    break;
                case (false, 3) when type == ThriftType.I32:
                    header = header with { DefinitionEncoding = (PageEncoding)reader.Int32(type) };
                    break;
                case (false, 4):
                    header = header with { RepetitionEncoding = (PageEncoding)reader.Int32(type) };
                    break;
                case (true, 5):
                    header = header with { DefinitionBytes = reader.Int32(type) };
                    break;
                case (true, 6):
                    header = header with { RepetitionBytes = reader.Int32(type) };
                    break;
                case (true, 7):
                    header = header with { IsCompressed = ThriftReader.Bool(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return header;
    }
}
