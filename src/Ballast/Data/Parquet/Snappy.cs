namespace Ballast.Data.Parquet;

/// <summary>The raw Snappy format: literals and copies of what was written before.</summary>
internal static class Snappy
{
    /// <summary>Fills <paramref name="destination"/> completely.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged or do not give exactly that size.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int position = 0;
        ulong size = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = shift <= 28 ? Next(source, ref position) : throw Damaged();
            size |= (ulong)(b & 127) << shift;
            if (b < 128)
            {
                break;
            }
        }

        if (size != (ulong)destination.Length)
        {
            throw new InvalidDataException($"a page decompresses to {size} bytes, its header says {destination.Length}");
        }

        int written = 0;
        while (position < source.Length)
        {
            int tag = source[position++];
            if ((tag & 3) == 0)
            {
                // Lengths up to 60 are in the tag; 61 to 64 say that 1 to 4 bytes of length follow.
                long length = (tag >> 2) < 60 ? (tag >> 2) + 1 : 1 + LittleEndian(source, ref position, (tag >> 2) - 59);
                if (length > source.Length - position || length > destination.Length - written)
                {
                    throw Damaged();
                }

                source.Slice(position, (int)length).CopyTo(destination[written..]);
                position += (int)length;
                written += (int)length;
            }
            else
            {
                int length = (tag & 3) == 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
                long offset = (tag & 3) switch
                {
                    1 => ((tag & 0xE0) << 3) | Next(source, ref position),
                    2 => LittleEndian(source, ref position, 2),
                    _ => LittleEndian(source, ref position, 4),
                };
                if (offset == 0 || offset > written || length > destination.Length - written)
                {
                    throw Damaged();
                }

                // Source and target may overlap, which repeats the pattern.
                ReadOnlySpan<byte> pattern = destination.Slice(written - (int)offset, (int)Math.Min(offset, length));
                for (; length > 0; length -= pattern.Length)
                {
                    pattern = pattern[..Math.Min(pattern.Length, length)];
                    pattern.CopyTo(destination[written..]);
                    written += pattern.Length;
                }
            }
        }

        if (written != destination.Length)
        {
            throw Damaged();
        }
    }

    private static long LittleEndian(ReadOnlySpan<byte> source, ref int position, int bytes)
    {
        long value = 0;
        for (int i = 0; i < bytes; i++)
        {
            value |= (long)Next(source, ref position) << (8 * i);
        }

        return value;
    }

    private static byte Next(ReadOnlySpan<byte> source, ref int position) => position < source.Length ? source[position++] : throw Damaged();

    private static InvalidDataException Damaged() => new("a page compressed with snappy is damaged");
}
