using System.Text;

namespace Ballast.Cli;

/// <summary>Reads a text file the user names, byte for byte as UTF-8; "-" is standard input.</summary>
internal static class InputText
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The whole text; a byte order mark stays in it.</summary>
    /// <exception cref="DataException">The file cannot be read or is not UTF-8.</exception>
    public static string Read(string path)
    {
        try
        {
            using var stream = Open(path);
            using var buffer = new MemoryStream();
            stream.CopyTo(buffer);
            return s_strict.GetString(buffer.GetBuffer(), 0, checked((int)buffer.Length));
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{path}: is not UTF-8; convert it, for example with iconv", e);
        }
    }

    /// <summary>The lines one by one, so that a stream is answered as it comes.</summary>
    /// <exception cref="DataException">The file cannot be read or is not UTF-8.</exception>
    public static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(Open(path), s_strict, detectEncodingFromByteOrderMarks: false);
        for (int number = 1; Next(reader, path, number) is string line; number++)
        {
            yield return line;
        }
    }

    private static string? Next(StreamReader reader, string path, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{path}:{number}: is not UTF-8; convert it, for example with iconv", e);
        }
    }

    private static Stream Open(string path)
    {
        try
        {
            return path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
