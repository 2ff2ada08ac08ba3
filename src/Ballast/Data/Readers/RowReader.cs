using System.Text;
using Ballast.Configs;
using Ballast.Data.Parquet;

namespace Ballast.Data.Readers;

/// <summary>Reads the rows of a data file, whatever its type; the ending of its name says which.</summary>
internal static class RowReader
{
    /// <summary>The endings that say how a file is read.</summary>
    public static IReadOnlyList<string> Endings => s_endings;

    private static readonly string[] s_endings = [".json", ".jsonl", ".ndjson", ".csv", ".parquet"];

    /// <summary>The rows one after another; the file is opened when the first is asked for.</summary>
    /// <exception cref="DataException">The file is of another type, cannot be read or is broken beyond a single row.</exception>
    public static IEnumerable<SourceRow> Read(string path)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        Start start = Peek(path);
        return ending switch
        {
            ".json" when start is Start.OpenObject => throw new DataException($"{path}: expected {JsonArrayReader.Expected}; the file begins with a single object"),
            ".json" when start is Start.Other => JsonArrayReader.Read(path),
            ".json" or ".jsonl" or ".ndjson" => JsonLinesReader.Read(path),
            ".csv" => CsvRows.Read(path),
            ".parquet" => Parquet(path),
            _ => throw new DataException($"{path}: the ending '{ending}' is none of {string.Join(", ", s_endings)}{Suggestion.For(ending, s_endings)}"),
        };
    }

    /// <summary>Parquet has no lines: its rows are counted from 1.</summary>
    private static IEnumerable<SourceRow> Parquet(string path) => ParquetFile.ReadRows(path).Select((row, i) => new SourceRow(row, $"{path}:{i + 1}"));

    /// <summary>What the file's first character tells: a <c>.json</c> file that begins with an object holds one object per line.</summary>
    private static Start Peek(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> bytes = stackalloc byte[256];
            string text = Encoding.Latin1.GetString(bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]);
            if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            {
                throw new DataException($"{path}: this is a git-lfs pointer, not the data; fetch it with 'git lfs pull' in its folder");
            }

            text = (text.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? text[3..] : text).TrimStart();
            return !text.StartsWith('{') ? Start.Other : text.Split('\n')[0].TrimEnd() == "{" ? Start.OpenObject : Start.Object;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    private enum Start
    {
        Other,
        Object,
        OpenObject,
    }
}
