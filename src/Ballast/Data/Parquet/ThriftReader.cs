using System.Text;

namespace Ballast.Data.Parquet;

/// <summary>Types of the Thrift compact protocol, as written in field headers.</summary>
internal enum ThriftType : byte
{
    Stop = 0,
    True = 1,
    False = 2,
    I8 = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
}

/// <summary>Reads the Thrift compact protocol, in which Parquet writes its metadata.</summary>
/// <remarks>Every fault is an <see cref="InvalidDataException"/>; <see cref="EndOfStreamException"/> means that more bytes are needed.</remarks>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Reads the next field header of a struct; false at its end. Begin each struct with id 0.</summary>
    public bool NextField(ref int id, out ThriftType type)
    {
        byte header = Byte();
        type = (ThriftType)(header & 15);
        if (type == ThriftType.Stop)
        {
            return false;
        }

        int delta = header >> 4;
        id = delta != 0 ? id + delta : (int)Math.Clamp(ZigZag(), int.MinValue, int.MaxValue);
        return true;
    }

    /// <summary>A boolean field, whose value is its type.</summary>
    public static bool Bool(ThriftType type) => type switch
    {
        ThriftType.True => true,
        ThriftType.False => false,
        _ => throw Mismatch("a boolean", type),
    };

    /// <summary>An integer that fits 32 bits.</summary>
    public int Int32(ThriftType type)
    {
        long value = Int64(type);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new InvalidDataException("a number in the metadata exceeds 32 bits");
    }

    /// <summary>An integer of any width.</summary>
    public long Int64(ThriftType type) => type switch
    {
        ThriftType.I8 => (sbyte)Byte(),
        ThriftType.I16 or ThriftType.I32 or ThriftType.I64 => ZigZag(),
        _ => throw Mismatch("an integer", type),
    };

    /// <summary>Text in UTF-8.</summary>
    public string Text(ThriftType type)
    {
        Require(type, ThriftType.Binary);
        ReadOnlySpan<byte> text = Take(Length());
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>The header of a list; it can hold no more items than bytes follow.</summary>
    public int List(ThriftType type, ThriftType items)
    {
        Require(type, ThriftType.List);
        int count = ListHeader(out ThriftType found);
        Require(count == 0 ? items : found, items);
        return count;
    }

    /// <summary>Checks that a field is a struct, whose fields follow.</summary>
    public static void Struct(ThriftType type) => Require(type, ThriftType.Struct);

    /// <summary>Passes over a value that is of no interest.</summary>
    public void Skip(ThriftType type) => Skip(type, 0);

    private void Skip(ThriftType type, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"the metadata is nested deeper than {MaxDepth}");
        }

        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                break;
            case ThriftType.I8:
                Byte();
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                ZigZag();
                break;
            case ThriftType.Double:
                Take(8);
                break;
            case ThriftType.Binary:
                Take(Length());
                break;
            case ThriftType.List or ThriftType.Set:
                int items = ListHeader(out ThriftType item);
                for (int i = 0; i < items; i++)
                {
                    SkipItem(item, depth + 1);
                }

                break;
            case ThriftType.Map:
                int pairs = Length();
                byte types = pairs == 0 ? (byte)0 : Byte();
                for (int i = 0; i < pairs; i++)
                {
                    SkipItem((ThriftType)(types >> 4), depth + 1);
                    SkipItem((ThriftType)(types & 15), depth + 1);
                }

                break;
            case ThriftType.Struct:
                int id = 0;
                while (NextField(ref id, out ThriftType field))
                {
                    Skip(field, depth + 1);
                }

                break;
            default:
                throw new InvalidDataException($"the metadata holds the unknown type {(int)type}");
        }
    }

    /// <summary>Inside lists and maps a boolean takes a byte, so every item takes at least one.</summary>
    private void SkipItem(ThriftType type, int depth)
    {
        if (type is ThriftType.True or ThriftType.False)
        {
            Byte();
        }
        else
        {
            Skip(type, depth);
        }
    }

    private int ListHeader(out ThriftType items)
    {
        byte header = Byte();
        items = (ThriftType)(header & 15);
        int count = header >> 4;
        return count == 15 ? Length() : count;
    }

    /// <summary>A count of bytes or items, each of which takes at least a byte.</summary>
    private int Length()
    {
        ulong length = VarInt();
        return length <= (ulong)(_bytes.Length - Position) ? (int)length : throw new EndOfStreamException("the metadata is cut");
    }

    private long ZigZag()
    {
        ulong value = VarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong VarInt()
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

        throw new InvalidDataException("a number in the metadata is longer than 64 bits");
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position)
        {
            throw new EndOfStreamException("the metadata is cut");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private static void Require(ThriftType found, ThriftType expected)
    {
        if (found != expected)
        {
            throw Mismatch(expected.ToString(), found);
        }
    }

    private static InvalidDataException Mismatch(string expected, ThriftType found) =>
        new($"the metadata holds {found} where {expected} is expected");
}
