using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ballast.Data.Readers;
using CsvHelper;

namespace Ballast.Evaluation.Suites;

/// <summary>A prompt file as rows of named fields, with its hash.</summary>
internal sealed class PromptTable
{
    private const int MaxRows = 1_000_000;

    private PromptTable(string file, IEnumerable<SourceRow> rows)
    {
        File = file;
        Sha256 = HashOf(file);
        Rows = [.. rows.Take(MaxRows + 1).Select(row => (row.Fields ?? throw new DataException($"{row.Source}: {row.Fault}"), row.Source))];
        Columns = Rows.Count switch
        {
            0 => throw new DataException($"{file}: the prompt file has no rows"),
            > MaxRows => throw new DataException($"{file}: the prompt file has more than {MaxRows} rows; make it smaller"),
            _ => [.. Rows[0].Fields.Select(field => field.Key)],
        };
    }

    public string File { get; }

    public string Sha256 { get; }

    /// <summary>The names of the first row's fields, as written.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Fields by name, and file:line. Fields of a CSV file are texts.</summary>
    public IReadOnlyList<(JsonObject Fields, string Place)> Rows { get; }

    /// <summary>Reads a file of rows.</summary>
    public static PromptTable Read(string path) => System.IO.File.Exists(path)
        ? new PromptTable(path, RowReader.Read(path))
        : throw new DataException($"{path}: there is no such prompt file");

    /// <summary>Reads a CSV file without a header as a table of one column.</summary>
    public static PromptTable ReadHeaderless(string path, string column) => new(path, Lines(path, column));

    /// <summary>The column of that name, in any case, or null.</summary>
    public string? Column(string name) =>
        Columns.FirstOrDefault(column => column == name) ?? Columns.FirstOrDefault(column => column.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<SourceRow> Lines(string path, string column)
    {
        using CsvReader csv = CsvReader.FromFile(path, new CsvReaderOptions { Separator = ',', HasHeader = false, TrackLineNumbers = true });
        while (csv.Read())
        {
            yield return new SourceRow(new JsonObject { [column] = csv.GetString(0) }, $"{path}:{csv.LineNumber}");
        }
    }

    private static string HashOf(string path)
    {
        try
        {
            using FileStream stream = System.IO.File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }
}
