using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;

namespace Ballast.Evaluation.Suites;

/// <summary>A prompt file as rows of named fields: CSV with a header, one JSON object per line, or a JSON list of objects.</summary>
internal sealed class PromptTable
{
    private const long MaxBytes = 256L << 20;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 32 };

    private PromptTable(string file, string sha256, IReadOnlyList<string> columns, IReadOnlyList<(JsonObject Fields, int Line)> rows)
    {
        File = file;
        Sha256 = sha256;
        Columns = columns;
        Rows = rows;
    }

    public string File { get; }

    public string Sha256 { get; }

    /// <summary>The names of the first row's fields, as written.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Fields by name and the line where the row begins. Fields of a CSV file are texts.</summary>
    public IReadOnlyList<(JsonObject Fields, int Line)> Rows { get; }

    /// <summary>Reads a file: JSON when it begins like JSON and is not named .csv, else CSV.</summary>
    /// <param name="path">The file.</param>
    /// <param name="headerless">The name to give the column of a CSV file without a header; null when there is one.</param>
    public static PromptTable Read(string path, string? headerless = null)
    {
        if (!System.IO.File.Exists(path))
        {
            throw new DataException($"{path}: there is no such prompt file");
        }

        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new DataException($"{path}: the prompt file has {new FileInfo(path).Length} bytes, at most {MaxBytes} are read");
        }

        byte[] bytes = System.IO.File.ReadAllBytes(path);
        string text = new System.Text.UTF8Encoding(false).GetString(bytes).TrimStart('\uFEFF');
        char first = text.AsSpan().TrimStart() is [var c, ..] ? c : throw new DataException($"{path}: the prompt file is empty");
        List<(JsonObject, int)> rows = first switch
        {
            '[' when !path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) => FromList(text, path),
            '{' when !path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) => FromLines(text, path),
            _ => FromCsv(text, path, headerless),
        };
        string[] columns = rows.Count > 0 ? [.. rows[0].Item1.Select(field => field.Key)] : throw new DataException($"{path}: the prompt file has no rows");
        return new PromptTable(path, Convert.ToHexStringLower(SHA256.HashData(bytes)), columns, rows);
    }

    /// <summary>The column of that name, in any case, or null.</summary>
    public string? Column(string name) =>
        Columns.FirstOrDefault(column => column == name) ?? Columns.FirstOrDefault(column => column.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static List<(JsonObject, int)> FromCsv(string text, string path, string? headerless)
    {
        var rows = new List<(JsonObject, int)>();
        try
        {
            using CsvReader csv = CsvReader.FromText(text, new CsvReaderOptions { Separator = ',', HasHeader = headerless is null, TrackLineNumbers = true });
            while (csv.Read())
            {
                var fields = new JsonObject();
                for (int i = 0; i < csv.FieldCount; i++)
                {
                    fields[headerless ?? csv.Headers[i]] = csv.GetString(i);
                }

                rows.Add((fields, (int)csv.LineNumber));
            }
        }
        catch (CsvFormatException fault)
        {
            throw new DataException($"{path}: not a CSV file: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }

        return rows;
    }

    private static List<(JsonObject, int)> FromLines(string text, string path)
    {
        var rows = new List<(JsonObject, int)>();
        int line = 0;
        foreach (ReadOnlySpan<char> span in text.AsSpan().EnumerateLines())
        {
            line++;
            if (!span.IsWhiteSpace())
            {
                rows.Add((Object(Parse(span.ToString(), $"{path}:{line}"), $"{path}:{line}"), line));
            }
        }

        return rows;
    }

    private static List<(JsonObject, int)> FromList(string text, string path)
    {
        JsonArray list = Parse(text, path)!.AsArray();
        return [.. list.Select((item, i) => (Object(item?.DeepClone(), $"{path}: item {i + 1}"), i + 1))];
    }

    private static JsonNode? Parse(string text, string place)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: s_options);
        }
        catch (JsonException fault)
        {
            throw new DataException($"{place}: not valid JSON: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private static JsonObject Object(JsonNode? node, string place)
    {
        try
        {
            // A duplicate key shows only when the object is first walked.
            return node is JsonObject fields && fields.Count >= 0 ? fields : throw new DataException($"{place}: expected an object with the fields of one prompt");
        }
        catch (ArgumentException fault)
        {
            throw new DataException($"{place}: a field is given twice", fault);
        }
    }
}
