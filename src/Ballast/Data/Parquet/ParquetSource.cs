using Microsoft.Win32.SafeHandles;

namespace Ballast.Data.Parquet;

/// <summary>An open Parquet file: its size, its footer, and bytes at a position.</summary>
internal sealed class ParquetSource : IDisposable
{
    private const int MaxFooter = 256 << 20;
    private readonly SafeFileHandle _handle;

    /// <summary>Opens a file and checks its frame: "PAR1" at both ends and the footer's length before the last.</summary>
    /// <exception cref="InvalidDataException">The frame is wrong.</exception>
    public ParquetSource(string path)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        try
        {
            long length = RandomAccess.GetLength(_handle);
            if (length < 12)
            {
                throw new InvalidDataException($"{length} bytes are too few for a Parquet file");
            }

            byte[] tail = Read(length - 8, 8);
            if (tail.AsSpan(4).SequenceEqual("PARE"u8))
            {
                throw new InvalidDataException("the file is encrypted, which is not supported");
            }

            if (!Read(0, 4).AsSpan().SequenceEqual("PAR1"u8) || !tail.AsSpan(4).SequenceEqual("PAR1"u8))
            {
                throw new InvalidDataException("a Parquet file begins and ends with PAR1; this one is another format, a git-lfs pointer, or a download that was cut");
            }

            uint footer = BitConverter.ToUInt32(tail);
            if (footer > length - 12 || footer > MaxFooter)
            {
                throw new InvalidDataException($"the footer claims {footer} bytes, but the file has {length - 12} before it and at most {MaxFooter} are read");
            }

            DataEnd = length - 8 - footer;
            Footer = Read(DataEnd, (int)footer);
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>Where the footer begins.</summary>
    public long DataEnd { get; }

    /// <summary>The footer's bytes.</summary>
    public byte[] Footer { get; }

    /// <summary>The bytes at a position.</summary>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    public byte[] Read(long position, int count)
    {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int read = RandomAccess.Read(_handle, bytes.AsSpan(done), position + done);
            done += read > 0 ? read : throw new InvalidDataException("the file became shorter while it was read");
        }

        return bytes;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();
}
