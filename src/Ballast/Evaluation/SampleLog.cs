using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ballast.Checkpoints;

namespace Ballast.Evaluation;

/// <summary>samples.jsonl: one sample per line, appended while replies come in, so that an interrupted evaluation loses at most one batch.</summary>
public static class SampleLog
{
    /// <summary>The file's name in an evaluation folder.</summary>
    public const string FileName = "samples.jsonl";

    /// <summary>Reads every whole line; a last line that a killed process left half-written is passed over.</summary>
    /// <exception cref="DataException">Another line is no sample, or the file cannot be read.</exception>
    public static IReadOnlyList<Sample> Read(string path) => Read(path, EvaluationJson.Line.Sample, "sample");

    /// <summary>Reads every whole line of a log of other values; <paramref name="what"/> names one.</summary>
    internal static IReadOnlyList<T> Read<T>(string path, JsonTypeInfo<T> type, string what)
    {
        var values = new List<T>();
        string[] lines = ReadAll(path).Split('\n');
        for (int i = 0; i < lines.Length - 1; i++)   // what follows the last line feed is empty or torn
        {
            try
            {
                values.Add(JsonSerializer.Deserialize(lines[i], type)!);
            }
            catch (JsonException fault)
            {
                throw new DataException($"{path}:{i + 1}: not a saved {what}: {fault.Message.ReplaceLineEndings(" ")}", fault);
            }
        }

        return values;
    }

    /// <summary>Adds samples behind the last whole line.</summary>
    /// <exception cref="RunException">The file cannot be written.</exception>
    internal static void Append(string path, IEnumerable<Sample> samples) => AppendLines(path, Lines(samples));

    /// <summary>Adds whole lines behind the last whole line.</summary>
    /// <exception cref="RunException">The file cannot be written.</exception>
    internal static void AppendLines(string path, string lines) => Writing(path, () =>
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        stream.SetLength(EndOfLastLine(stream));
        stream.Seek(0, SeekOrigin.End);
        stream.Write(Encoding.UTF8.GetBytes(lines));
        stream.Flush();
        DiskFlush.File(stream.SafeFileHandle, path);
    });

    /// <summary>Replaces the file as a whole.</summary>
    internal static void Write(string path, IEnumerable<Sample> samples) => DurableFile.Write(path, Lines(samples));

    private static void Writing(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(path, fault);
        }
    }

    private static string Lines(IEnumerable<Sample> samples) =>
        string.Concat(samples.Select(sample => JsonSerializer.Serialize(sample, EvaluationJson.Line.Sample) + "\n"));

    private static string ReadAll(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    private static long EndOfLastLine(FileStream stream)
    {
        for (long end = stream.Length; end > 0; end--)
        {
            stream.Position = end - 1;
            if (stream.ReadByte() == '\n')
            {
                return end;
            }
        }

        return 0;
    }
}
