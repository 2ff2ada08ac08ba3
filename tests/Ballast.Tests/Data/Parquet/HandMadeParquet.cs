using System.Text;
using Ballast.Tests.Support;

namespace Ballast.Tests.Data.Parquet;

/// <summary>Parquet files put together by hand: forms that current writers no longer produce, and hostile ones.</summary>
internal static class HandMadeParquet
{
    /// <summary>A leaf or group of the schema: (id, value) pairs of the Thrift struct SchemaElement.</summary>
    public static byte[] Line(string name, int? type = null, int repetition = 0, int children = 0, int? converted = null, int? length = null, int? scale = null, byte[]? logical = null)
    {
        List<(int, object)> fields = [];
        Add(1, type);
        Add(2, length);
        fields.Add((3, repetition));
        fields.Add((4, name));
        if (children != 0)
        {
            fields.Add((5, children));
        }

        Add(6, converted);
        Add(7, scale);
        if (logical is not null)
        {
            fields.Add((10, logical));
        }

        return Struct([.. fields]);

        void Add(int id, int? value)
        {
            if (value is { } number)
            {
                fields.Add((id, number));
            }
        }
    }

    /// <summary>An uncompressed page of version 1 with its header.</summary>
    public static byte[] Page(int values, byte[] content, int encoding = 0, int type = 0, int? uncompressed = null, int? compressed = null, int levels = 3)
    {
        byte[] details = type == 2 ? Struct((1, values), (2, encoding)) : Struct((1, values), (2, encoding), (3, levels), (4, levels));
        byte[] header = Struct((1, type), (2, uncompressed ?? content.Length), (3, compressed ?? content.Length), (type == 2 ? 7 : 5, details));
        return [.. header, .. content];
    }

    /// <summary>Levels in one bit-packed run of width 1 or 2, after four bytes of length.</summary>
    public static byte[] Levels(int width, params int[] levels)
    {
        byte[] packed = new byte[(levels.Length + 7) / 8 * width];
        for (int i = 0; i < levels.Length * width; i++)
        {
            packed[i / 8] |= (byte)(((levels[i / width] >> (i % width)) & 1) << (i % 8));
        }

        byte[] run = [(byte)((levels.Length + 7) / 8 * 2 + 1), .. packed];
        return [.. BitConverter.GetBytes(run.Length), .. run];
    }

    /// <summary>Byte strings as PLAIN writes them.</summary>
    public static byte[] Strings(params string[] values) => [.. values.SelectMany(v => (byte[])[.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(v)), .. Encoding.UTF8.GetBytes(v)])];

    /// <summary>Saves a file of one row group; each column is its physical type, claimed values and pages.</summary>
    public static string Save(byte[][] schema, long rows, params (int Type, long Values, byte[] Pages)[] columns) => Save(schema, rows, 0, columns);

    /// <summary>Saves a file whose chunks claim a codec.</summary>
    public static string Save(byte[][] schema, long rows, int codec, params (int Type, long Values, byte[] Pages)[] columns)
    {
        List<byte> file = [.. "PAR1"u8];
        List<byte[]> chunks = [];
        foreach ((int type, long values, byte[] pages) in columns)
        {
            byte[] metadata = Struct((1, type), (4, codec), (5, values), (7, (long)pages.Length), (9, (long)file.Count));
            chunks.Add(Struct((3, metadata)));
            file.AddRange(pages);
        }

        byte[] footer = Struct((2, schema), (4, (byte[][])[Struct((1, (byte[][])[.. chunks]), (3, rows))]));
        file.AddRange([.. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]);
        string path = Path.Combine(Shared.TemporaryFolder(), "x.parquet");
        File.WriteAllBytes(path, [.. file]);
        return path;
    }

    /// <summary>A struct of the Thrift compact protocol: int and long are numbers, string text, byte[] a struct, byte[][] a list of structs.</summary>
    public static byte[] Struct(params (int Id, object Value)[] fields)
    {
        List<byte> bytes = [];
        int last = 0;
        foreach ((int id, object value) in fields)
        {
            (int type, byte[] content) = value switch
            {
                bool flag => (flag ? 1 : 2, []),
                int number => (5, VarInt(ZigZag(number))),
                long number => (6, VarInt(ZigZag(number))),
                string text => (8, [.. VarInt((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)]),
                byte[][] list => (9, (byte[])[0xFC, .. VarInt((ulong)list.Length), .. list.SelectMany(b => b)]),
                _ => (12, (byte[])value),
            };
            bytes.Add((byte)(((id - last) << 4) | type));
            bytes.AddRange(content);
            last = id;
        }

        bytes.Add(0);
        return [.. bytes];
    }

    private static ulong ZigZag(long value) => unchecked((ulong)((value << 1) ^ (value >> 63)));

    private static byte[] VarInt(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 128; value >>= 7)
        {
            bytes.Add((byte)(value & 127 | 128));
        }

        return [.. bytes, (byte)value];
    }
}
