using System.Buffers.Binary;

namespace Ballast.Data.Parquet;

/// <summary>A part of a page that is read from front to back.</summary>
/// <remarks>Reading beyond the end is an <see cref="InvalidDataException"/>.</remarks>
internal sealed class ByteReader(byte[] buffer, int start, int end)
{
    /// <summary>Next byte, as a position in the page.</summary>
    public int Position { get; private set; } = start;

    /// <summary>Bytes not read yet.</summary>
    public int Remaining => end - Position;

    /// <summary>A reader over the same bytes, from the same position on.</summary>
    public ByteReader Fork() => new(buffer, Position, end);

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    public ReadOnlyMemory<byte> Take(int count)
    {
        if (count < 0 || count > Remaining)
        {
            throw new InvalidDataException($"a page ends {(long)count - Remaining} bytes early");
        }

        ReadOnlyMemory<byte> taken = buffer.AsMemory(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>The next bytes as a reader of their own.</summary>
    public ByteReader Part(int count)
    {
        int from = Position;
        Take(count);
        return new ByteReader(buffer, from, Position);
    }

    /// <summary>One byte.</summary>
    public byte Byte() => Take(1).Span[0];

    /// <summary>Four bytes, little-endian.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span);

    /// <summary>Eight bytes, little-endian.</summary>
    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8).Span);

    /// <summary>An unsigned number of seven bits per byte, at most 32 bits.</summary>
    public uint VarInt32()
    {
        ulong value = VarInt64();
        return value <= uint.MaxValue ? (uint)value : throw new InvalidDataException("a count in a page exceeds 32 bits");
    }

    /// <summary>An unsigned number of seven bits per byte.</summary>
    public ulong VarInt64()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte b = Byte();
            value |= (ulong)(b & 127) << shift;
            if (b < 128)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number in a page is longer than 64 bits");
    }

    /// <summary>A signed number whose sign is the lowest bit.</summary>
    public long ZigZag64()
    {
        ulong value = VarInt64();
        return unchecked((long)(value >> 1) ^ -(long)(value & 1));
    }
}
