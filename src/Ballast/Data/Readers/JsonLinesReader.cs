namespace Ballast.Data.Readers;

/// <summary>Streams a JSON Lines file: one row per line, empty lines skipped, lines of up to 64 MiB.</summary>
internal static class JsonLinesReader
{
    private const int MaxLineBytes = 64 << 20;

    /// <summary>The rows; a line that is not JSON is a faulty row, not the end.</summary>
    public static IEnumerable<SourceRow> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[1 << 16];
        (int start, int scanned, int end) = (0, 0, 0);
        for (long line = 1; ; line++)
        {
            int length;
            while ((length = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n')) < 0)
            {
                scanned = end;
                if (end == buffer.Length)
                {
                    (start, scanned, end) = MakeRoom(ref buffer, start, end);
                }

                int read = file.Read(buffer, end, buffer.Length - end);
                end += read;
                if (read == 0 || end - start > MaxLineBytes)
                {
                    break;
                }
            }

            bool last = length < 0;
            int stop = last ? end : scanned + length;
            if (last && stop - start > MaxLineBytes)
            {
                throw new DataException($"{path}:{line}: the line is longer than {MaxLineBytes >> 20} MiB; write one row per line");
            }

            ReadOnlyMemory<byte> bytes = buffer.AsMemory(start, stop - start);
            bytes = line == 1 && bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
            if (bytes.Span.ContainsAnyExcept(" \t\r"u8))
            {
                yield return JsonRow.Parse(bytes.Span, $"{path}:{line}");
            }

            if (last)
            {
                yield break;
            }

            start = scanned = stop + 1;
        }
    }

    /// <summary>Moves the unfinished line to the front of the buffer, or doubles a buffer that it fills.</summary>
    private static (int Start, int Scanned, int End) MakeRoom(ref byte[] buffer, int start, int end)
    {
        int length = end - start;
        byte[] target = length > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
        buffer.AsSpan(start, length).CopyTo(target);
        buffer = target;
        return (0, length, length);
    }
}
