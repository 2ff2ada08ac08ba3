using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Data.Parquet;

/// <summary>Reads one column chunk entry by entry; one page is in memory at a time.</summary>
/// <remarks>An entry is a value or a null with its levels: repetition says at which list it continues, definition how much of its path is present.</remarks>
internal sealed class ColumnReader
{
    private const int MaxPageBytes = 512 << 20;
    private const int HeaderWindow = 4 << 10;
    private const int MaxHeader = 16 << 20;

    private readonly ParquetSource _source;
    private readonly SchemaNode _leaf;
    private readonly ColumnChunk _chunk;
    private long _position;
    private long _valuesLeft;
    private int _pageLeft;
    private ColumnDictionary? _dictionary;
    private RunReader? _repetitions;
    private RunReader? _definitions;
    private ValueReader? _values;

    /// <summary>Starts at the first entry.</summary>
    public ColumnReader(ParquetSource source, SchemaNode leaf, ColumnChunk chunk)
    {
        (_source, _leaf, _chunk) = (source, leaf, chunk);
        _position = chunk.Start;
        _valuesLeft = chunk.Values;
        try
        {
            Advance();
        }
        catch (InvalidDataException e)
        {
            throw Fault(e);
        }
    }

    /// <summary>True when all entries were taken.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>Repetition level of the current entry: 0 begins a row; also 0 at the end.</summary>
    public int Repetition { get; private set; }

    /// <summary>Definition level of the current entry.</summary>
    public int Definition { get; private set; }

    /// <summary>Takes the current entry: its value, or null when it has none.</summary>
    public JsonNode? Take()
    {
        try
        {
            if (AtEnd)
            {
                throw new InvalidDataException("it ends before the others");
            }

            JsonNode? value = Definition == _leaf.MaxDefinition ? ValueFormat.ToJson(_leaf.Element, _values!) : null;
            Advance();
            return value;
        }
        catch (InvalidDataException e)
        {
            throw Fault(e);
        }
    }

    private InvalidDataException Fault(InvalidDataException inner) => new($"column {PrintableName.Quote(_leaf.Path)}: {inner.Message}", inner);

    private void Advance()
    {
        while (_pageLeft == 0)
        {
            if (_valuesLeft == 0)
            {
                AtEnd = true;
                Repetition = 0;
                return;
            }

            ReadPage();
        }

        _pageLeft--;
        _valuesLeft--;
        Repetition = _repetitions?.Next() ?? 0;
        Definition = _definitions?.Next() ?? 0;
        if (Repetition > _leaf.MaxRepetition || Definition > _leaf.MaxDefinition)
        {
            throw new InvalidDataException($"levels ({Repetition}, {Definition}) exceed those of the schema ({_leaf.MaxRepetition}, {_leaf.MaxDefinition})");
        }
    }

    private void ReadPage()
    {
        PageHeader header = ReadHeader();
        if (header.CompressedSize < 0 || header.CompressedSize > Left || header.UncompressedSize is < 0 or > MaxPageBytes)
        {
            throw new InvalidDataException(
                $"a page of {header.CompressedSize} bytes ({header.UncompressedSize} uncompressed) is more than the {Left} bytes left or the limit of {MaxPageBytes}");
        }

        byte[] stored = _source.Read(_position, header.CompressedSize);
        _position += header.CompressedSize;
        switch (header.Type)
        {
            case PageType.Dictionary:
                byte[] entries = new byte[header.UncompressedSize];
                PageCompression.Decompress(_chunk.Codec, stored, 0, entries);
                _dictionary = new ColumnDictionary(_leaf.Element, new ByteReader(entries, 0, entries.Length), header.Values);
                break;
            case PageType.Data or PageType.DataV2:
                if (header.Values < 0 || header.Values > _valuesLeft)
                {
                    throw new InvalidDataException($"a page claims {header.Values} values of the {_valuesLeft} left in its column");
                }

                ByteReader bytes = header.Type == PageType.Data ? OpenVersion1(header, stored) : OpenVersion2(header, stored);
                _values = header.Encoding is PageEncoding.PlainDictionary or PageEncoding.RleDictionary
                    ? new DictionaryReader(_dictionary ?? throw new InvalidDataException("a page refers to a dictionary that is not there"), bytes)
                    : new LazyReader(header.Encoding, _leaf.Element, bytes);
                _pageLeft = header.Values;
                break;
            default:
                break;
        }
    }

    private long Left => _chunk.Start + _chunk.Length - _position;

    /// <summary>Headers have no length: try a small window, and a larger one when it does not suffice.</summary>
    private PageHeader ReadHeader()
    {
        for (int window = HeaderWindow; ; window *= 16)
        {
            int size = (int)Math.Min(window, Left);
            ThriftReader reader = new(_source.Read(_position, size));
            try
            {
                var header = PageHeader.Read(ref reader);
                _position += reader.Position;
                return header;
            }
            catch (EndOfStreamException e)
            {
                if (size == Left || window >= MaxHeader)
                {
                    throw new InvalidDataException("its pages end before its values do", e);
                }
            }
        }
    }

    /// <summary>Version 1: everything is compressed together; each kind of levels comes after four bytes of length.</summary>
    private ByteReader OpenVersion1(PageHeader header, byte[] stored)
    {
        byte[] page = new byte[header.UncompressedSize];
        PageCompression.Decompress(_chunk.Codec, stored, 0, page);
        ByteReader bytes = new(page, 0, page.Length);
        _repetitions = Levels(_leaf.MaxRepetition, header.RepetitionEncoding);
        _definitions = Levels(_leaf.MaxDefinition, header.DefinitionEncoding);
        return bytes;

        RunReader? Levels(int max, PageEncoding encoding) => max == 0 ? null
            : encoding == PageEncoding.Rle ? new RunReader(bytes.Part(bytes.Int32()), BitPacking.Width(max))
            : throw new InvalidDataException($"levels in encoding {encoding} are not supported");
    }

    /// <summary>Version 2: levels first, never compressed, their lengths in the header; then the values.</summary>
    private ByteReader OpenVersion2(PageHeader header, byte[] stored)
    {
        ByteReader levels = new(stored, 0, stored.Length);
        ByteReader repetitions = levels.Part(header.RepetitionBytes);
        ByteReader definitions = levels.Part(header.DefinitionBytes);
        _repetitions = _leaf.MaxRepetition == 0 ? null : new RunReader(repetitions, BitPacking.Width(_leaf.MaxRepetition));
        _definitions = _leaf.MaxDefinition == 0 ? null : new RunReader(definitions, BitPacking.Width(_leaf.MaxDefinition));
        int size = header.UncompressedSize - levels.Position;
        if (size < 0)
        {
            throw new InvalidDataException("a page is smaller than its levels");
        }

        if (!header.IsCompressed || _chunk.Codec == Codec.Uncompressed || (size == 0 && levels.Remaining == 0))
        {
            return levels;
        }

        byte[] values = new byte[size];
        PageCompression.Decompress(_chunk.Codec, stored, levels.Position, values);
        return new ByteReader(values, 0, values.Length);
    }

    /// <summary>Opens the values at the first use: a page of nulls alone may have none, not even a header of its encoding.</summary>
    private sealed class LazyReader(PageEncoding encoding, SchemaElement column, ByteReader bytes) : ValueReader
    {
        private ValueReader? _reader;

        private ValueReader Reader => _reader ??= Create(encoding, column, bytes);

        public override long NextNumber() => Reader.NextNumber();

        public override ReadOnlyMemory<byte> NextBytes() => Reader.NextBytes();
    }
}
