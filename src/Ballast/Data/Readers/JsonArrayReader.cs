using System.Text.Json;
using Ballast.Checkpoints;

namespace Ballast.Data.Readers;

/// <summary>Reads a JSON file that holds a list of rows, of up to 1 GiB.</summary>
internal static class JsonArrayReader
{
    /// <summary>What a JSON file must hold.</summary>
    public const string Expected = "a list of rows, [{...}, ...], or one object per line";

    private const long MaxBytes = 1L << 30;

    /// <summary>The rows, read one at a time from the file's bytes.</summary>
    public static IEnumerable<SourceRow> Read(string path)
    {
        long size = FileSize.Of(path);
        if (size > MaxBytes)
        {
            throw new DataException(
                $"{path}: the file has {size} bytes, above the {MaxBytes >> 20} MiB that are read as one list; write it as JSON Lines, one row per line");
        }

        var reading = new Reading(path, File.ReadAllBytes(path));
        while (reading.Next() is SourceRow row)
        {
            yield return row;
        }
    }

    /// <summary>A place in the list; the JSON reader itself cannot be kept between rows.</summary>
    private sealed class Reading(string path, byte[] bytes)
    {
        private readonly int _first = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 64 });
        private int _consumed;
        private int _counted;
        private long _line = 1;

        /// <summary>The next row, or null at the end of the list.</summary>
        public SourceRow? Next()
        {
            try
            {
                ReadOnlySpan<byte> rest = bytes.AsSpan(_first + _consumed);
                var reader = new Utf8JsonReader(rest, isFinalBlock: true, _state);
                if (_consumed == 0 && (!reader.Read() || reader.TokenType != JsonTokenType.StartArray))
                {
                    throw new DataException($"{path}: expected {Expected}");
                }

                reader.Read();
                if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == 0)
                {
                    reader.Read();
                    return null;
                }

                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                int end = (int)reader.BytesConsumed;
                SourceRow row = JsonRow.Parse(rest[start..end], $"{path}:{LineOf(_first + _consumed + start)}");
                (_consumed, _state) = (_consumed + end, reader.CurrentState);
                return row;
            }
            catch (JsonException fault)
            {
                throw new DataException($"{path}:{fault.LineNumber + 1}: not valid JSON: {JsonRow.Reason(fault)} (byte {fault.BytePositionInLine})", fault);
            }
        }

        private long LineOf(int position)
        {
            _line += bytes.AsSpan(_counted, position - _counted).Count((byte)'\n');
            _counted = position;
            return _line;
        }
    }
}
