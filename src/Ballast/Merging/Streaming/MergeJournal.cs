using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Merging.Streaming;

/// <summary>Which tensors of an unfinished merge are complete, so that the next run goes on after a kill.</summary>
/// <remarks>
/// A line is added after the bytes of a tensor were handed to the system. They survive the process but not a loss of power before the shard's
/// flush, so a journal of an earlier boot counts for nothing. One process at a time holds the file.
/// </remarks>
internal sealed class MergeJournal : IDisposable
{
    /// <summary>File name in the unfinished folder.</summary>
    public const string FileName = "merge.journal";

    private readonly FileStream _stream;

    private MergeJournal(FileStream stream, IReadOnlyList<JsonObject> entries) => (_stream, Entries) = (stream, entries);

    /// <summary>What was written before.</summary>
    public IReadOnlyList<JsonObject> Entries { get; }

    /// <summary>Opens the journal of an unfinished folder; one of another merge is thrown away with the folder.</summary>
    /// <param name="folder">The unfinished folder; created when absent.</param>
    /// <param name="plan">Names the merge, its inputs and its numbers.</param>
    /// <exception cref="ConfigException">Another process holds the folder.</exception>
    public static MergeJournal Open(string folder, string plan)
    {
        string path = Path.Combine(folder, FileName);
        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(folder);
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            string header = new JsonObject { ["plan"] = plan, ["boot"] = Boot() }.ToJsonString();
            List<string> lines = [.. new StreamReader(stream, Encoding.UTF8, leaveOpen: true).ReadToEnd().Split('\n')];
            if (lines[0] == header)
            {
                // The last line may have been cut off; what follows the last line end does not count.
                List<JsonObject> entries = [.. lines[1..^1].Select(line => JsonNode.Parse(line)!.AsObject())];
                stream.SetLength(Encoding.UTF8.GetByteCount(string.Join('\n', lines[..^1])) + 1);
                stream.Seek(0, SeekOrigin.End);
                return new MergeJournal(stream, entries);
            }

            foreach (string file in Directory.EnumerateFiles(folder).Where(f => Path.GetFileName(f) != FileName))
            {
                File.Delete(file);
            }

            stream.SetLength(0);
            stream.Write(Encoding.UTF8.GetBytes(header + "\n"));
            return new MergeJournal(stream, []);
        }
        catch (IOException fault) when (WriteFault.IsHeld(fault))
        {
            throw new ConfigException($"{folder}: another process is merging into this folder", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            if (WriteFault.IsFull(fault) && Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            throw WriteFault.Explain(path, fault);
        }
        catch (JsonException fault)
        {
            stream?.Dispose();
            throw new ConfigException($"{path}: the journal of an unfinished merge is damaged; remove the folder and start again", fault);
        }
    }

    /// <summary>Adds a complete tensor.</summary>
    public void Add(JsonObject entry)
    {
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(entry.ToJsonString() + "\n"));
        }
        catch (IOException fault)
        {
            throw WriteFault.Explain(_stream.Name, fault);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static string Boot()
    {
        const string Linux = "/proc/sys/kernel/random/boot_id";
        return File.Exists(Linux) ? File.ReadAllText(Linux).Trim() : (DateTimeOffset.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64)).ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture);
    }
}
