using System.Runtime.InteropServices;

namespace Ballast.Data.Parquet;

/// <summary>Zstandard through the system's libzstd, since .NET 10 has no decoder of its own.</summary>
internal static unsafe class Zstandard
{
    private static readonly string[] s_names = OperatingSystem.IsWindows() ? ["libzstd.dll", "zstd.dll"]
        : OperatingSystem.IsMacOS() ? ["libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib", "/usr/local/lib/libzstd.1.dylib"]
        : ["libzstd.so.1", "libzstd.so"];

    private static readonly Lazy<nint> s_library = new(Load);

    /// <summary>Fills <paramref name="destination"/> completely.</summary>
    /// <exception cref="InvalidDataException">libzstd is absent, or the bytes are damaged or do not give exactly that size.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var decompress = (delegate* unmanaged<byte*, nuint, byte*, nuint, nuint>)NativeLibrary.GetExport(s_library.Value, "ZSTD_decompress");
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            // Errors come back as sizes near the top of the range, which no page reaches.
            nuint size = decompress(to, (nuint)destination.Length, from, (nuint)source.Length);
            if (size != (nuint)destination.Length)
            {
                throw new InvalidDataException($"a page compressed with zstd does not decompress to the {destination.Length} bytes its header says");
            }
        }
    }

    private static nint Load()
    {
        foreach (string name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return library;
            }
        }

        throw new InvalidDataException("the file is compressed with zstd and libzstd is not installed; install it (Debian: libzstd1) or write the file with snappy");
    }
}
