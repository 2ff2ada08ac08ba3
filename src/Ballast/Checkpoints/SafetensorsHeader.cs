using System.Text.Json;
using System.Text.Unicode;
using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>A tensor and where its data begins, counted from the start of the data section.</summary>
internal sealed record PlacedTensor(TensorEntry Entry, long Begin);

/// <summary>The JSON header of a safetensors file, read under every rule of the format.</summary>
/// <remarks>
/// Stricter than the reference reader in three points: duplicate names are refused (the format forbids them, the reference does not look),
/// a null in place of the metadata map is refused, and a tensor has at most 64 dimensions.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>Largest header that is read, in bytes: the limit of the reference reader.</summary>
    public const long MaxBytes = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const int MaxRank = 64;
    private readonly string _file;
    private readonly List<PlacedTensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file) => _file = file;

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<PlacedTensor> Tensors => _tensors;

    /// <summary>The free text map, empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads and checks a header.</summary>
    /// <param name="file">Named in every error.</param>
    /// <param name="json">The header without its length.</param>
    /// <param name="dataLength">Bytes that follow the header in the file.</param>
    /// <exception cref="CheckpointException">Any rule of the format is broken.</exception>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        SafetensorsHeader header = new(file);
        if (!Utf8.IsValid(json))
        {
            throw header.Fault("the header is not UTF-8 text; the file is damaged or no safetensors file");
        }

        try
        {
            header.Read(new Utf8JsonReader(json));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw header.Fault($"the header is not valid JSON ({e.Message}); the file is damaged or no safetensors file", e);
        }

        header.CheckPlaces(dataLength);
        return header;
    }

    private void Read(Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault("the header must be a JSON object");
        }

        bool metadataSeen = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (name == MetadataKey ? metadataSeen : !_names.Add(name))
            {
                throw Fault($"{PrintableName.Quote(name)} appears twice in the header; names must be unique");
            }

            reader.Read();
            if (name == MetadataKey)
            {
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else
            {
                _tensors.Add(ReadTensor(ref reader, name));
            }
        }

        while (reader.Read())
        {
            // Throws when anything but white space follows the object.
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault($"{MetadataKey} must map text to text, found {reader.TokenType}");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Fault($"{MetadataKey} must map text to text, found {reader.TokenType} under {PrintableName.Quote(key)}");
            }

            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Fault($"{PrintableName.Quote(key)} appears twice in {MetadataKey}; names must be unique");
            }
        }
    }

    private PlacedTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Fault(name, $"its description must be an object, found {reader.TokenType}");
        }

        DType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            bool twice = key switch { "dtype" => type is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (twice)
            {
                throw Fault(name, $"{key} is given twice");
            }

            reader.Read();
            switch (key)
            {
                case "dtype":
                    type = ReadType(ref reader, name);
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, name, key, MaxRank);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, name, key, 2);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw Fault(name, "its description needs dtype, shape and two data_offsets");
        }

        if (end < begin)
        {
            throw Fault(name, $"data_offsets [{begin}, {end}] end before they begin");
        }

        return new PlacedTensor(new TensorEntry(name, type.Value, shape, end - begin), begin);
    }

    private DType ReadType(ref Utf8JsonReader reader, string name)
    {
        string? word = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return word is not null && DTypes.TryParse(word, out DType type)
            ? type
            : throw Fault(name, $"unknown dtype {(word is null ? reader.TokenType.ToString() : PrintableName.Quote(word))}");
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string key, int most)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Fault(name, $"{key} must be a list of whole numbers, found {reader.TokenType}");
        }

        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // The format has unsigned 64-bit numbers; no file holds 2^63 bytes, so the upper half is refused here as too large.
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Fault(name, $"{key} must hold whole numbers from 0 to 2^63 - 1");
            }

            if (numbers.Count == most)
            {
                throw Fault(name, $"{key} has more than {most} numbers");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Tensors must cover the data without hole or overlap, each with the size of its shape, and end where the file ends.</summary>
    private void CheckPlaces(long dataLength)
    {
        _tensors.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.Entry.ByteCount.CompareTo(b.Entry.ByteCount));
        long next = 0;
        foreach (PlacedTensor tensor in _tensors)
        {
            TensorEntry entry = tensor.Entry;
            if (tensor.Begin != next)
            {
                string what = tensor.Begin < next ? "overlaps the tensor before it" : "leaves a hole before it";
                throw Fault(entry.Name, $"data begins at byte {tensor.Begin} and {what}; expected byte {next}");
            }

            if (!TensorEntry.TryByteCount(entry.DType, entry.Shape, out long bytes))
            {
                throw Fault(entry.Name, $"{entry.Description} overflows 64 bits or ends within a byte");
            }

            if (bytes != entry.ByteCount)
            {
                throw Fault(entry.Name, $"{entry.Description} takes {bytes} bytes but data_offsets span {entry.ByteCount}");
            }

            next += bytes;
            if (next > dataLength)
            {
                throw Fault(entry.Name, $"its data ends at byte {next} but the file holds {dataLength} bytes of data; "
                    + "the file is truncated, download or copy it again");
            }
        }

        if (next != dataLength)
        {
            throw Fault($"{dataLength - next} bytes follow the last tensor; a safetensors file ends with its data");
        }
    }

    private CheckpointException Fault(string what, Exception? inner = null) => new($"{_file}: {what}", inner);

    private CheckpointException Fault(string tensor, string what) => new($"{_file}: tensor {PrintableName.Quote(tensor)}: {what}");
}
