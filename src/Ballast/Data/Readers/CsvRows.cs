using System.Text.Json.Nodes;
using System.Text.Unicode;
using Ballast.Checkpoints;
using CsvHelper;

namespace Ballast.Data.Readers;

/// <summary>Streams a CSV file: commas, quotes doubled inside quotes, line breaks allowed in quotes; the first row names the columns.</summary>
internal static class CsvRows
{
    private const int MaxRecordBytes = 64 << 20;

    /// <summary>The rows, every field as text.</summary>
    public static IEnumerable<SourceRow> Read(string path)
    {
        string? fault = null;
        var options = new CsvReaderOptions
        {
            Separator = ',',
            TrackLineNumbers = true,
            MaxRecordSize = MaxRecordBytes,
            OnMalformedRecord = record => fault = Reason(record.Reason),
        };
        using CsvReader reader = CsvReader.FromFile(path, options);
        string[]? columns = null;
        while (Next(reader, path))
        {
            columns ??= Columns(reader, path);
            fault ??= !Utf8.IsValid(reader.RawRecord) ? "not UTF-8 text"
                : reader.FieldCount != columns.Length ? $"has {reader.FieldCount} fields, the first row names {columns.Length}" : null;
            yield return new SourceRow(fault is null ? Row(columns, reader.Current.ToArray()) : null, $"{path}:{reader.LineNumber}", fault);
            fault = null;
        }
    }

    private static bool Next(CsvReader reader, string path)
    {
        try
        {
            return reader.Read();
        }
        catch (CsvFormatException fault)
        {
            throw new DataException($"{path}:{fault.LineNumber}: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private static string[] Columns(CsvReader reader, string path)
    {
        string[] columns = [.. reader.Headers];
        return columns.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DataException($"{path}:1: the column {PrintableName.Quote(twice.Key)} is given twice") : columns;
    }

    private static JsonObject Row(string[] columns, string[] fields) =>
        new(columns.Zip(fields, (name, field) => KeyValuePair.Create(name, (JsonNode?)JsonValue.Create(field))));

    /// <summary>A quote in the middle of an unquoted field is taken as it is; the other damages change what a row means.</summary>
    private static string? Reason(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.TextAfterClosingQuote => "text follows a closing quote; a quote inside quotes must be doubled",
        CsvMalformedReason.UnterminatedQuote => "a quote is never closed",
        _ => null,
    };
}
