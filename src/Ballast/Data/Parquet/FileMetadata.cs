namespace Ballast.Data.Parquet;

/// <summary>One column of one row group: where its pages are and how they are compressed.</summary>
internal sealed record ColumnChunk(PhysicalType Type, Codec Codec, long Values, long Start, long Length);

/// <summary>A horizontal part of the file with one chunk per leaf of the schema.</summary>
internal sealed record RowGroup(IReadOnlyList<ColumnChunk> Columns, long Rows);

/// <summary>The footer: schema and row groups.</summary>
internal sealed record FileMetadata(IReadOnlyList<SchemaElement> Schema, IReadOnlyList<RowGroup> RowGroups)
{
    /// <summary>Reads the footer.</summary>
    public static FileMetadata Read(ReadOnlySpan<byte> footer)
    {
        ThriftReader reader = new(footer);
        List<SchemaElement> schema = [];
        List<RowGroup> groups = [];
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 2:
                    for (int i = reader.List(type, ThriftType.Struct); i > 0; i--)
                    {
                        schema.Add(SchemaElement.Read(ref reader));
                    }

                    break;
                case 4:
                    for (int i = reader.List(type, ThriftType.Struct); i > 0; i--)
                    {
                        groups.Add(ReadRowGroup(ref reader));
                    }

                    break;
                case 8:
                    throw new InvalidDataException("the file is encrypted, which is not supported");
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new FileMetadata(schema, groups);
    }

    private static RowGroup ReadRowGroup(ref ThriftReader reader)
    {
        List<ColumnChunk> columns = [];
        long rows = 0;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    for (int i = reader.List(type, ThriftType.Struct); i > 0; i--)
                    {
                        columns.Add(ReadColumn(ref reader));
                    }

                    break;
                case 3:
                    rows = reader.Int64(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new RowGroup(columns, rows);
    }

    private static ColumnChunk ReadColumn(ref ThriftReader reader)
    {
        ColumnChunk? chunk = null;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    throw new InvalidDataException("a column lies in another file, which is not supported");
                case 3:
                    ThriftReader.Struct(type);
                    chunk = ReadColumnMetadata(ref reader);
                    break;
                case 8 or 9:
                    throw new InvalidDataException("a column is encrypted, which is not supported");
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return chunk ?? throw new InvalidDataException("a column has no metadata");
    }

    private static ColumnChunk ReadColumnMetadata(ref ThriftReader reader)
    {
        int type = -1;
        int codec = 0;
        long values = 0;
        long length = 0;
        long data = 0;
        long dictionary = 0;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType field))
        {
            switch (id)
            {
                case 1:
                    type = reader.Int32(field);
                    break;
                case 4:
                    codec = reader.Int32(field);
                    break;
                case 5:
                    values = reader.Int64(field);
                    break;
                case 7:
                    length = reader.Int64(field);
                    break;
                case 9:
                    data = reader.Int64(field);
                    break;
                case 11:
                    dictionary = reader.Int64(field);
                    break;
                default:
                    reader.Skip(field);
                    break;
            }
        }

        // Some writers leave the dictionary's offset at 0 when there is none.
        return new ColumnChunk((PhysicalType)type, (Codec)codec, values, dictionary > 0 ? Math.Min(dictionary, data) : data, length);
    }
}
