namespace Ballast.Data.Parquet;

/// <summary>One line of the flat schema in the footer.</summary>
/// <param name="Name">Field name.</param>
/// <param name="Type">Storage of a leaf, null for a group.</param>
/// <param name="TypeLength">Bytes of a fixed-length value.</param>
/// <param name="Repetition">How often it occurs in its parent.</param>
/// <param name="Children">How many of the following lines are its children.</param>
/// <param name="Logical">What the values mean.</param>
/// <param name="Scale">Decimal digits after the point.</param>
/// <param name="Ticks">Units per second of times and timestamps.</param>
/// <param name="IsUtc">True when a timestamp is an instant, false when it is local.</param>
internal sealed record SchemaElement(
    string Name, PhysicalType? Type, int TypeLength, Repetition Repetition, int Children, LogicalType Logical, int Scale, long Ticks, bool IsUtc)
{
    private const long Millis = 1_000;
    private const long Micros = 1_000_000;
    private const long Nanos = 1_000_000_000;

    /// <summary>Reads one line.</summary>
    public static SchemaElement Read(ref ThriftReader reader)
    {
        SchemaElement element = new("", null, 0, Repetition.Required, 0, LogicalType.None, 0, 0, false);
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    element = element with { Type = Known<PhysicalType>(reader.Int32(type)) };
                    break;
                case 2:
                    element = element with { TypeLength = reader.Int32(type) };
                    break;
                case 3:
                    element = element with { Repetition = Known<Repetition>(reader.Int32(type)) };
                    break;
                case 4:
                    element = element with { Name = reader.Text(type) };
                    break;
                case 5:
                    element = element with { Children = reader.Int32(type) };
                    break;
                case 6:
                    element = element.WithConverted(reader.Int32(type));
                    break;
                case 7:
                    element = element with { Scale = reader.Int32(type) };
                    break;
                case 10:
                    ThriftReader.Struct(type);
                    element = element.WithLogical(ref reader);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return element;
    }

    /// <summary>The older annotation; the newer one, read later, wins.</summary>
    private SchemaElement WithConverted(int converted) => converted switch
    {
        0 or 4 or 19 => this with { Logical = LogicalType.Text },
        1 or 2 => this with { Logical = LogicalType.Map },
        3 => this with { Logical = LogicalType.List },
        5 => this with { Logical = LogicalType.Decimal },
        6 => this with { Logical = LogicalType.Date },
        7 => this with { Logical = LogicalType.Time, Ticks = Millis },
        8 => this with { Logical = LogicalType.Time, Ticks = Micros },
        9 => this with { Logical = LogicalType.Timestamp, Ticks = Millis, IsUtc = true },
        10 => this with { Logical = LogicalType.Timestamp, Ticks = Micros, IsUtc = true },
        >= 11 and <= 14 => this with { Logical = LogicalType.Unsigned },
        21 => this with { Logical = LogicalType.Interval },
        _ => this,
    };

    private SchemaElement WithLogical(ref ThriftReader reader)
    {
        SchemaElement element = this;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            element = id switch
            {
                1 or 4 or 12 => element with { Logical = LogicalType.Text },
                2 => element with { Logical = LogicalType.Map },
                3 => element with { Logical = LogicalType.List },
                5 => element with { Logical = LogicalType.Decimal },
                6 => element with { Logical = LogicalType.Date },
                7 => element with { Logical = LogicalType.Time },
                8 => element with { Logical = LogicalType.Timestamp },
                10 => element,
                14 => element with { Logical = LogicalType.Uuid },
                15 => element with { Logical = LogicalType.Half },
                _ => element with { Logical = LogicalType.None },
            };
            ThriftReader.Struct(type);
            element = element.WithParameters(ref reader, id);
        }

        return element;
    }

    /// <summary>Decimal: 1 scale; time and timestamp: 1 UTC, 2 unit; integer: 2 signed.</summary>
    private SchemaElement WithParameters(ref ThriftReader reader, int logical)
    {
        SchemaElement element = this;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            switch (logical, id)
            {
                case (5, 1):
                    element = element with { Scale = reader.Int32(type) };
                    break;
                case (7 or 8, 1):
                    element = element with { IsUtc = ThriftReader.Bool(type) };
                    break;
                case (7 or 8, 2):
                    ThriftReader.Struct(type);
                    element = element with { Ticks = ReadUnit(ref reader) };
                    break;
                case (10, 2):
                    element = element with { Logical = ThriftReader.Bool(type) ? LogicalType.None : LogicalType.Unsigned };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return element;
    }

    private static long ReadUnit(ref ThriftReader reader)
    {
        long ticks = 0;
        int id = 0;
        while (reader.NextField(ref id, out ThriftType type))
        {
            ticks = id switch { 1 => Millis, 2 => Micros, 3 => Nanos, _ => throw new InvalidDataException($"unknown unit of time {id}") };
            reader.Skip(type);
        }

        return ticks;
    }

    private static T Known<T>(int value)
        where T : struct, Enum =>
        Enum.IsDefined((T)Enum.ToObject(typeof(T), value)) ? (T)Enum.ToObject(typeof(T), value) : throw new InvalidDataException($"unknown {typeof(T).Name} {value}");
}
