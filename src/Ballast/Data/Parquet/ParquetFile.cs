using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Data.Parquet;

/// <summary>Reads Parquet files as Hugging Face data sets, pandas, Spark and DuckDB write them.</summary>
/// <remarks>
/// Pages of version 1 and 2; encodings PLAIN, dictionary, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and
/// BYTE_STREAM_SPLIT; compression none, snappy, gzip, brotli and zstd; lists, structs and maps of any nesting. Not read: encryption, LZO, LZ4,
/// columns in other files, levels in the encoding BIT_PACKED that was replaced in 2013. Page checksums are not verified.
/// </remarks>
internal static class ParquetFile
{
    /// <summary>The rows in order, read as they are asked for; one page per column is in memory.</summary>
    /// <exception cref="DataException">The file is absent, damaged, hostile or uses what is not supported; thrown while reading.</exception>
    public static IEnumerable<JsonObject> ReadRows(string path)
    {
        using ParquetSource source = Guard(path, "", () => new ParquetSource(path));
        (SchemaNode root, FileMetadata metadata) = Guard(path, "", () => Open(source));
        for (int i = 0; i < metadata.RowGroups.Count; i++)
        {
            RowGroup group = metadata.RowGroups[i];
            string place = $"row group {i + 1}: ";
            ColumnReader[] columns = Guard(path, place, () => OpenColumns(source, root, group));
            RowAssembler rows = new(root, columns);
            for (long row = 0; row < group.Rows; row++)
            {
                yield return Guard(path, place, rows.Next);
            }

            if (columns.Any(c => !c.AtEnd))
            {
                throw new DataException($"{path}: {place}its columns hold more than the {group.Rows} rows it claims");
            }
        }
    }

    private static (SchemaNode Root, FileMetadata Metadata) Open(ParquetSource source)
    {
        var metadata = FileMetadata.Read(source.Footer);
        return (SchemaNode.Build(metadata.Schema), metadata);
    }

    private static ColumnReader[] OpenColumns(ParquetSource source, SchemaNode root, RowGroup group)
    {
        if (group.Columns.Count != root.Leaves.Count)
        {
            throw new InvalidDataException($"it has {group.Columns.Count} columns, the schema {root.Leaves.Count}");
        }

        return [.. root.Leaves.Zip(group.Columns, (leaf, chunk) => OpenColumn(source, leaf, chunk))];
    }

    private static ColumnReader OpenColumn(ParquetSource source, SchemaNode leaf, ColumnChunk chunk)
    {
        if (chunk.Type != leaf.Element.Type || chunk.Values < 0 || chunk.Start < 4 || chunk.Length < 0 || chunk.Start > source.DataEnd - chunk.Length)
        {
            throw new InvalidDataException($"column {PrintableName.Quote(leaf.Path)}: {chunk.Values} values of {chunk.Type} in {chunk.Length} bytes from byte {chunk.Start} on "
                + "do not fit the schema or the file");
        }

        return new ColumnReader(source, leaf, chunk);
    }

    /// <summary>Gives every fault of a damaged file its path; arithmetic overflow means absurd sizes.</summary>
    private static T Guard<T>(string path, string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file", e);
        }
        catch (OverflowException e)
        {
            throw new DataException($"{path}: {place}a size is beyond any real file; the file is damaged", e);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: {place}{e.Message}", e);
        }
    }
}
