namespace Ballast.Checkpoints;

/// <summary>The bytes of one tensor inside a memory-mapped file: little-endian, row-major, of any size.</summary>
/// <remarks>Valid until the file it came from is disposed.</remarks>
public readonly unsafe struct TensorBytes
{
    internal TensorBytes(byte* pointer, long length)
    {
        Address = pointer;
        Length = length;
    }

    /// <summary>Address of the first byte; it need not be aligned to the element size.</summary>
    public byte* Address { get; }

    /// <summary>Number of bytes, possibly above 2^31.</summary>
    public long Length { get; }

    /// <summary>The bytes from <paramref name="start"/> on, at most <paramref name="length"/> of them and fewer at the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> is outside [0, Length] or <paramref name="length"/> is negative.</exception>
    public ReadOnlySpan<byte> Slice(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new ReadOnlySpan<byte>(Address + start, (int)Math.Min(length, Length - start));
    }

    /// <summary>Copies all bytes to <paramref name="destination"/>, in pieces, so that any size works.</summary>
    /// <param name="destination">Address of at least <see cref="Length"/> writable bytes.</param>
    public void CopyTo(void* destination) => Buffer.MemoryCopy(Address, destination, Length, Length);
}
