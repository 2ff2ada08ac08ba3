using System.Buffers.Binary;

namespace Ballast.Data.Parquet;

/// <summary>Numbers of 0 to 64 bits without gaps, lowest bit first.</summary>
internal static class BitPacking
{
    /// <summary>The number at an index.</summary>
    public static ulong Read(ReadOnlySpan<byte> bytes, int index, int width)
    {
        if (width == 0)
        {
            return 0;
        }

        long bit = (long)index * width;
        ReadOnlySpan<byte> rest = bytes[(int)(bit >> 3)..];
        int shift = (int)(bit & 7);
        Span<byte> word = stackalloc byte[16];
        word.Clear();
        rest[..Math.Min(rest.Length, 9)].CopyTo(word);
        ulong low = BinaryPrimitives.ReadUInt64LittleEndian(word) >> shift;
        ulong high = shift == 0 ? 0 : (ulong)word[8] << (64 - shift);
        return width == 64 ? low | high : (low | high) & ((1UL << width) - 1);
    }

    /// <summary>Bits that the numbers from 0 to <paramref name="largest"/> need.</summary>
    public static int Width(int largest) => 32 - int.LeadingZeroCount(largest);
}
