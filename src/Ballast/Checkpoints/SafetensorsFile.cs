using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Ballast.Checkpoints;

/// <summary>A safetensors file, memory-mapped: opening reads the header alone, and tensor bytes are views into the mapping.</summary>
/// <remarks>Reading is safe from several threads. Views end with <see cref="Dispose"/>. NaN and infinities are not looked for here.</remarks>
public sealed unsafe partial class SafetensorsFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, PlacedTensor> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorEntry> _entries = new(StringComparer.Ordinal);
    private readonly byte* _data;
    private readonly long _dataStart;
    private bool _disposed;

    private SafetensorsFile(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
        long headerLength = ReadHeaderLength(path, stream);
        _dataStart = 8 + headerLength;
        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, stream.Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start + _view.PointerOffset + _dataStart;
        try
        {
            var header = SafetensorsHeader.Parse(path, new ReadOnlySpan<byte>(_data - headerLength, (int)headerLength), stream.Length - _dataStart);
            Metadata = header.Metadata;
            foreach (PlacedTensor tensor in header.Tensors)
            {
                _places.Add(tensor.Entry.Name, tensor);
                _entries.Add(tensor.Entry.Name, tensor.Entry);
            }
        }
        catch
        {
            ReleaseMap();
            throw;
        }
    }

    /// <summary>The path it was opened with.</summary>
    public string Path { get; }

    /// <summary>The tensors by name, in the order of their data.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries => _entries;

    /// <summary>The text map under "__metadata__", usually {"format": "pt"}; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="CheckpointException">The file is absent, unreadable, truncated, another format or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            return new SafetensorsFile(path, stream);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            throw e switch
            {
                FileNotFoundException or DirectoryNotFoundException => new CheckpointException($"{path}: no such file", e),
                IOException or UnauthorizedAccessException => new CheckpointException($"{path}: cannot be read: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>The bytes of a tensor below 2^31 bytes; for larger ones use <see cref="Content"/> or <see cref="Read"/>.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor is too large for a span.</exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        TensorBytes content = Content(name);
        return content.Length <= int.MaxValue
            ? content.Slice(0, (int)content.Length)
            : throw new InvalidOperationException($"tensor {name} has {content.Length} bytes, more than a span holds");
    }

    /// <summary>The bytes of a tensor of any size.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public TensorBytes Content(string name)
    {
        PlacedTensor place = Place(name);
        return new TensorBytes(_data + place.Begin, place.Entry.ByteCount);
    }

    /// <summary>Copies part of a tensor by reading the file, which keeps the process small where a mapping would grow it.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or the file became shorter since it was opened.</exception>
    public void Read(string name, long offset, Span<byte> destination)
    {
        PlacedTensor place = Place(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, place.Entry.ByteCount - destination.Length);
        SafeFileHandle handle = _stream.SafeFileHandle;
        long position = _dataStart + place.Begin + offset;
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(handle, destination, position);
            if (count == 0)
            {
                throw new CheckpointException($"{Path}: tensor {PrintableName.Quote(name)}: the file became shorter while it was read");
            }

            destination = destination[count..];
            position += count;
        }
    }

    /// <summary>Tells the system that a tensor will be read soon.</summary>
    internal void Prefetch(string name)
    {
        if (OperatingSystem.IsLinux())
        {
            PlacedTensor place = Place(name);
            _ = Advise((int)_stream.SafeFileHandle.DangerousGetHandle(), _dataStart + place.Begin, place.Entry.ByteCount, WillNeed);
        }
    }

    private const int WillNeed = 3;

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int descriptor, long offset, long length, int advice);

    /// <summary>Ends the mapping; views handed out before must not be used any more.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            ReleaseMap();
            _stream.Dispose();
        }
    }

    private void ReleaseMap()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private PlacedTensor Place(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _places.TryGetValue(name, out PlacedTensor? place)
            ? place
            : throw new CheckpointException($"{Path}: there is no tensor {PrintableName.Quote(name)}");
    }

    /// <summary>The header length, checked against the limit and the file before anything is allocated.</summary>
    private static long ReadHeaderLength(string path, FileStream stream)
    {
        Span<byte> start = stackalloc byte[64];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        ulong length = start.Length < 8 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(start);
        long room = stream.Length - 8;
        if (start.Length >= 8 && length <= SafetensorsHeader.MaxBytes && (long)length <= room)
        {
            return (long)length;
        }

        string what = ForeignFile.Explain(path, start)
            ?? (start.Length < 8 ? $"{stream.Length} bytes are too few for a safetensors file, which begins with 8 bytes of header length; download it again"
            : length > SafetensorsHeader.MaxBytes ? $"the header claims {length} bytes, above the limit of {SafetensorsHeader.MaxBytes}; "
                + "the file is damaged, no safetensors file, or must be split into shards"
            : $"the header claims {length} bytes but only {room} follow; the file is truncated, download or copy it again");
        throw new CheckpointException($"{path}: {what}");
    }
}
