using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ballast.Tensors;
using Microsoft.Win32.SafeHandles;

namespace Ballast.Checkpoints;

/// <summary>Writes one safetensors file: the header at once, the tensors in any order and from any thread.</summary>
/// <remarks>The bytes equal those of the reference writer: tensors by descending type, then name; metadata {"format": "pt"}; header padded to 8 bytes.</remarks>
public sealed partial class SafetensorsWriter : IDisposable
{
    /// <summary>The reference writer's order of types: larger elements first, so that every tensor stays aligned.</summary>
    private static readonly DType[] s_typeOrder =
    [
        DType.U64, DType.I64, DType.F64, DType.C64, DType.F32, DType.U32, DType.I32, DType.BF16, DType.F16, DType.U16, DType.I16,
        DType.F8E5M2Fnuz, DType.F8E4M3Fnuz, DType.F8E8M0, DType.F8E4M3, DType.F8E5M2, DType.I8, DType.U8, DType.F6E3M2, DType.F6E2M3, DType.F4, DType.Bool,
    ];

    /// <summary>So many bytes are written before the disk is told to begin with them, so that little is left for <see cref="Complete"/>.</summary>
    private const long SendBytes = 32 << 20;

    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;
    private readonly Dictionary<string, PlacedTensor> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _missing = new(StringComparer.Ordinal);
    private long _unsent;

    /// <summary>Creates the file, reserves its whole size and writes the header.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <param name="entries">Every tensor that will be written; names are unique.</param>
    /// <param name="resume">True to go on with a file of the same header that is there already; see <see cref="MarkWritten"/>.</param>
    /// <exception cref="RunException">The file cannot be created or the disk has no room for it.</exception>
    /// <exception cref="CheckpointException">The header would exceed the format's limit of 100,000,000 bytes.</exception>
    public SafetensorsWriter(string path, IEnumerable<TensorEntry> entries, bool resume = false)
    {
        Path = path;
        long next = 0;
        foreach (TensorEntry entry in entries.OrderBy(e => Array.IndexOf(s_typeOrder, e.DType)).ThenBy(e => e.Name, StringComparer.Ordinal))
        {
            _places.Add(entry.Name, new PlacedTensor(entry, next));
            _missing.Add(entry.Name, entry.ByteCount);
            next += entry.ByteCount;
        }

        byte[] header = Header(path, _places.Values);
        _dataStart = header.Length;
        try
        {
            IsResumed = resume && Begins(path, header, _dataStart + next);
            if (resume && !IsResumed)
            {
                File.Delete(path);
            }

            _handle = IsResumed
                ? File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.None)
                : File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, _dataStart + next);
            if (!IsResumed)
            {
                RandomAccess.Write(_handle, header, 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _handle?.Dispose();
            throw WriteFault.Explain(path, e, _dataStart + next);
        }
    }

    /// <summary>The file being written.</summary>
    public string Path { get; }

    /// <summary>Whether the file was there and is gone on with.</summary>
    public bool IsResumed { get; }

    /// <summary>Declares a tensor written by the process that began the file.</summary>
    /// <exception cref="ArgumentException">No such tensor was announced, or the file is new.</exception>
    public void MarkWritten(string name)
    {
        if (!IsResumed || !_missing.ContainsKey(name))
        {
            throw new ArgumentException($"tensor {name} cannot have been written before", nameof(name));
        }

        _missing[name] = 0;
    }

    /// <summary>Writes a whole tensor.</summary>
    /// <exception cref="ArgumentException">No such tensor was announced, or the size differs from the announced one.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (_places.TryGetValue(name, out PlacedTensor? place) && bytes.Length != place.Entry.ByteCount)
        {
            throw new ArgumentException($"tensor {name}: {bytes.Length} bytes given, {place.Entry.Description} takes {place.Entry.ByteCount}", nameof(bytes));
        }

        Write(name, 0, bytes);
    }

    /// <summary>Writes part of a tensor; every byte must be written exactly once before <see cref="Complete"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="bytes">The part.</param>
    /// <exception cref="ArgumentException">No such tensor was announced, or the part reaches beyond its end.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Write(string name, long offset, ReadOnlySpan<byte> bytes)
    {
        if (!_places.TryGetValue(name, out PlacedTensor? place))
        {
            throw new ArgumentException($"tensor {name} was not announced when the writer was created", nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, place.Entry.ByteCount - bytes.Length);
        try
        {
            RandomAccess.Write(_handle, bytes, _dataStart + place.Begin + offset);
        }
        catch (IOException e)
        {
            throw WriteFault.Explain(Path, e);
        }

        lock (_missing)
        {
            _missing[name] -= bytes.Length;
            _unsent += bytes.Length;
            if (_unsent < SendBytes)
            {
                return;
            }

            _unsent = 0;
        }

        Send();
    }

    /// <summary>Brings the file to the disk; called once after every tensor was written.</summary>
    /// <exception cref="InvalidOperationException">A tensor was not written completely, or partly twice.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Complete()
    {
        foreach ((string name, long missing) in _missing)
        {
            if (missing != 0)
            {
                throw new InvalidOperationException($"tensor {name}: {missing} of its bytes are still to be written");
            }
        }

        try
        {
            DiskFlush.File(_handle, Path);
        }
        catch (IOException e)
        {
            throw WriteFault.Explain(Path, e);
        }
    }

    /// <summary>Closes the file; without <see cref="Complete"/> it is not usable.</summary>
    public void Dispose() => _handle.Dispose();

    private static bool Begins(string path, byte[] header, long length)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > length)
        {
            return false;
        }

        byte[] found = new byte[header.Length];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) == found.Length && found.AsSpan().SequenceEqual(header);
    }

    private void Send()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SyncFileRange((int)_handle.DangerousGetHandle(), 0, 0, StartWriting);
        }
    }

    private const uint StartWriting = 2;

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(int descriptor, long offset, long length, uint flags);

    /// <summary>Header length and header, padded with blanks to a multiple of 8.</summary>
    private static byte[] Header(string path, IEnumerable<PlacedTensor> places)
    {
        ArrayBufferWriter<byte> buffer = new();
        buffer.Write(stackalloc byte[8]);
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            foreach ((TensorEntry entry, long begin) in places)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.DType.SafetensorsName);
                WriteNumbers(json, "shape", entry.Shape);
                WriteNumbers(json, "data_offsets", [begin, begin + entry.ByteCount]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        Span<byte> blanks = stackalloc byte[(8 - buffer.WrittenCount % 8) % 8];
        blanks.Fill((byte)' ');
        buffer.Write(blanks);
        byte[] header = buffer.WrittenSpan.ToArray();
        long length = header.Length - 8;
        if (length > SafetensorsHeader.MaxBytes)
        {
            throw new CheckpointException($"{path}: a header of {length} bytes is above the format's limit of {SafetensorsHeader.MaxBytes}; use smaller shards");
        }

        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
