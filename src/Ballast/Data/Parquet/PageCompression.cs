using System.IO.Compression;

namespace Ballast.Data.Parquet;

/// <summary>Decompresses pages.</summary>
internal static class PageCompression
{
    /// <summary>The bytes of a page, whose size the page header states.</summary>
    /// <exception cref="InvalidDataException">The codec is not supported, or the bytes do not give exactly that size.</exception>
    public static void Decompress(Codec codec, byte[] compressed, int start, Span<byte> destination)
    {
        ReadOnlySpan<byte> source = compressed.AsSpan(start);
        switch (codec)
        {
            case Codec.Uncompressed:
                if (source.Length != destination.Length)
                {
                    throw new InvalidDataException($"an uncompressed page has {source.Length} bytes, its header says {destination.Length}");
                }

                source.CopyTo(destination);
                break;
            case Codec.Snappy:
                Snappy.Decompress(source, destination);
                break;
            case Codec.Zstd:
                Zstandard.Decompress(source, destination);
                break;
            case Codec.Gzip:
                Fill(new GZipStream(new MemoryStream(compressed, start, source.Length), CompressionMode.Decompress), destination);
                break;
            case Codec.Brotli:
                Fill(new BrotliStream(new MemoryStream(compressed, start, source.Length), CompressionMode.Decompress), destination);
                break;
            default:
                throw new InvalidDataException($"compression {codec} is not supported; write the file with snappy, zstd, gzip, brotli or none");
        }
    }

    private static void Fill(Stream stream, Span<byte> destination)
    {
        using (stream)
        {
            bool isExact;
            try
            {
                isExact = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) == destination.Length && stream.ReadByte() < 0;
            }
            catch (InvalidOperationException)
            {
                // What BrotliStream throws at damaged bytes.
                isExact = false;
            }

            if (!isExact)
            {
                throw new InvalidDataException($"a page does not decompress to the {destination.Length} bytes its header says");
            }
        }
    }
}
