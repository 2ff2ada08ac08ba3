using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Reports;

namespace Ballast.Training;

/// <summary>metrics.jsonl and the TensorBoard events of a run: one entry per logged step, none twice however often the run is resumed.</summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    private readonly FileStream _lines;
    private readonly EventFile _events;

    /// <summary>Goes on behind the entries up to a step; later ones are cut off.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="step">Steps that are done; 0 for a fresh log.</param>
    /// <exception cref="RunException">The files cannot be written.</exception>
    public MetricsLog(string run, int step)
    {
        string path = Path.Combine(run, FileName);
        try
        {
            _lines = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            _lines.SetLength(EndOf(step, _lines));
            _lines.Seek(0, SeekOrigin.End);
            _events = new EventFile(Path.Combine(run, "tensorboard"), step);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _lines?.Dispose();
            throw WriteFault.Explain(path, fault);
        }
    }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Write(JsonObject metrics) => Writing(() =>
    {
        string line = metrics.ToJsonString();
        _lines.Write(Encoding.UTF8.GetBytes(line + "\n"));
        using var parsed = JsonDocument.Parse(line);
        _events.Write((int)metrics["step"]!, parsed.RootElement);
    });

    /// <summary>Brings the lines to the disk, so that no checkpoint is ahead of them.</summary>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Flush() => Writing(() => DiskFlush.File(_lines.SafeFileHandle, _lines.Name));

    public void Dispose()
    {
        _lines.Dispose();
        _events.Dispose();
    }

    private void Writing(Action write)
    {
        try
        {
            write();
        }
        catch (IOException fault)
        {
            throw WriteFault.Explain(_lines.Name, fault);
        }
    }

    // Behind the last whole line of a step that is done.
    private static long EndOf(int step, FileStream file)
    {
        byte[] text = new byte[file.Length];
        file.ReadExactly(text);
        long end = 0;
        for (int start = 0, feed; (feed = Array.IndexOf(text, (byte)'\n', start)) >= 0; start = feed + 1)
        {
            if (StepOf(text.AsSpan(start, feed - start)) is not { } at || at > step)
            {
                break;
            }

            end = feed + 1;
        }

        return end;
    }

    private static int? StepOf(ReadOnlySpan<byte> line)
    {
        try
        {
            return (int?)JsonNode.Parse(line)?["step"];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
