using System.Buffers.Binary;

namespace Ballast.Tokenizers.Files;

/// <summary>Walks the fields of a protobuf message; SentencePiece models need no more of the format than this.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string file)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Value of the current field if it is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>Content of the current field if it is text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Value of the current field if it is a 32-bit float.</summary>
    public readonly float Single => BitConverter.UInt32BitsToSingle((uint)(Number & uint.MaxValue));

    public readonly bool Flag => Number != 0;

    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        ulong key = Varint();
        Field = (int)Math.Min(key >> 3, int.MaxValue);
        Number = 0;
        Content = default;
        switch (key & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Content = Take(Varint());
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw Fault();
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw Fault();
        }

        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Fault();
    }

    private readonly TokenizerException Fault() =>
        new($"{file}: neither a SentencePiece model nor tiktoken ranks, or damaged; expected a tokenizer.model as published");
}
