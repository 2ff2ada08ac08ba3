using System.Numerics;
using Ballast.Data.Parquet;
using Xunit;
using static Ballast.Tests.Data.Parquet.HandMadeParquet;

namespace Ballast.Tests.Data.Parquet;

/// <summary>Older forms of lists and types, and hostile files, each made by hand.</summary>
public class ParquetFormsTests
{
    private const int Int32 = 1;
    private const int Int64 = 2;
    private const int Int96 = 3;
    private const int ByteArray = 6;
    private const int Fixed = 7;
    private const int Optional = 1;
    private const int Repeated = 2;

    private static readonly byte[] s_root = Line("root", children: 1);

    [Fact]
    public void A_bare_repeated_field_is_a_list()
    {
        // [1, 2], [], [3]
        byte[] page = Page(4, [.. Levels(1, 0, 1, 0, 0), .. Levels(1, 1, 1, 0, 1), .. Ints(1, 2, 3)]);
        Assert.Equal(["{\"x\":[1,2]}", "{\"x\":[]}", "{\"x\":[3]}"], Rows(Save([s_root, Line("x", Int32, Repeated)], 3, (Int32, 4, page))));
    }

    [Theory]
    [InlineData("array", "[{\"y\":1},{\"y\":2}]")]
    [InlineData("x_tuple", "[{\"y\":1},{\"y\":2}]")]
    [InlineData("list", "[1,2]")]
    [InlineData("bag", "[1,2]")]
    public void A_wrapper_of_one_field_is_the_item_only_under_the_old_names(string wrapper, string expected)
    {
        byte[][] schema = [s_root, Line("x", repetition: Optional, children: 1, converted: 3), Line(wrapper, repetition: Repeated, children: 1), Line("y", Int32)];
        byte[] page = Page(2, [.. Levels(1, 0, 1), .. Levels(2, 2, 2), .. Ints(1, 2)]);
        Assert.Equal([$"{{\"x\":{expected}}}"], Rows(Save(schema, 1, (Int32, 2, page))));
    }

    [Fact]
    public void A_list_without_wrapper_has_the_repeated_leaf_as_item()
    {
        byte[][] schema = [s_root, Line("x", repetition: Optional, children: 1, converted: 3), Line("item", Int32, Repeated)];
        byte[] page = Page(3, [.. Levels(1, 0, 1, 0), .. Levels(2, 2, 2, 0), .. Ints(1, 2)]);
        Assert.Equal(["{\"x\":[1,2]}", "{\"x\":null}"], Rows(Save(schema, 2, (Int32, 3, page))));
    }

    [Fact]
    public void Two_level_lists_of_several_fields_have_the_wrapper_as_item()
    {
        byte[][] schema = [s_root, Line("x", children: 1, converted: 3), Line("list", repetition: Repeated, children: 2), Line("a", Int32), Line("b", ByteArray, converted: 0)];
        byte[] a = Page(2, [.. Levels(1, 0, 1), .. Levels(1, 1, 1), .. Ints(1, 2)]);
        byte[] b = Page(2, [.. Levels(1, 0, 1), .. Levels(1, 1, 1), .. Strings("p", "q")]);
        Assert.Equal(["{\"x\":[{\"a\":1,\"b\":\"p\"},{\"a\":2,\"b\":\"q\"}]}"], Rows(Save(schema, 1, (Int32, 2, a), (ByteArray, 2, b))));
    }

    [Fact]
    public void Int96_is_a_timestamp()
    {
        // Julian day 2440589 is 1970-01-02; 3661.5 s after midnight.
        byte[] value = [.. BitConverter.GetBytes(3_661_500_000_000L), .. BitConverter.GetBytes(2_440_589)];
        Assert.Equal(["{\"x\":\"1970-01-02T01:01:01.500000000\"}"], Rows(One(Line("x", Int96), value)));
    }

    [Theory]
    [InlineData(-1L, "1969-12-31T23:59:59.999Z")]
    [InlineData(-62_135_596_800_000L, "0001-01-01T00:00:00Z")]
    [InlineData(253_402_300_799_999L, "9999-12-31T23:59:59.999Z")]
    public void Milliseconds_are_instants_within_the_years_1_to_9999(long value, string text) =>
        Assert.Equal([$"{{\"x\":\"{text}\"}}"], Rows(One(Line("x", Int64, converted: 9), BitConverter.GetBytes(value))));

    [Theory]
    [InlineData(-62_135_596_800_001L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Dates_outside_are_refused(long value) =>
        Assert.Contains("row group 1: column 'x': a date", Fault(One(Line("x", Int64, converted: 9), BitConverter.GetBytes(value))), StringComparison.Ordinal);

    [Theory]
    [InlineData(-12345, 2, "-123.45")]
    [InlineData(7, 3, "0.007")]
    [InlineData(-1, 0, "-1")]
    public void Decimals_of_fixed_length_are_numbers(int unscaled, int scale, string text)
    {
        byte[] value = new BigInteger(unscaled).ToByteArray(isBigEndian: true);
        Assert.Equal([$"{{\"x\":{text}}}"], Rows(One(Line("x", Fixed, converted: 5, length: value.Length, scale: scale), value)));
    }

    [Fact]
    public void Half_precision_is_a_number() =>
        Assert.Equal(["{\"x\":1.5}"], Rows(One(Line("x", Fixed, length: 2, logical: Struct((15, Struct()))), BitConverter.GetBytes((Half)1.5))));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Non_finite_numbers_become_null(float value) => Assert.Equal(["{\"x\":null}"], Rows(One(Line("x", 4), BitConverter.GetBytes(value))));

    [Fact]
    public void Bytes_without_meaning_are_text_where_they_can_be()
    {
        byte[] content = [.. Strings("h\u00e9"), 2, 0, 0, 0, 0xFF, 0xFE];
        string path = Save([s_root, Line("x", ByteArray)], 2, (ByteArray, 2, Page(2, content)));
        Assert.Equal(["h\u00e9", "//4="], ParquetFile.ReadRows(path).Select(r => (string)r["x"]!));
    }

    public static TheoryData<string, string> Attacks => [.. s_attacks.Select(a => new TheoryDataRow<string, string>(a.Key, a.Value.Message))];

    private static readonly Dictionary<string, (Func<string> File, string Message)> s_attacks = new()
    {
        ["text is not UTF-8"] = (() => One(Line("x", ByteArray, converted: 0), [1, 0, 0, 0, 0xFF]), "a text value is not UTF-8"),
        ["interval"] = (() => One(Line("x", Fixed, converted: 21, length: 12), new byte[12]), "intervals are not supported"),
        ["string longer than the page"] = (() => One(Line("x", ByteArray), [255, 255, 255, 127]), "a page ends 2147483647 bytes early"),
        ["string of negative length"] = (() => One(Line("x", ByteArray), [255, 255, 255, 255]), "a page ends"),
        ["page longer than its chunk"] = (() => Paged(Page(1, Ints(1), compressed: 1_000_000)), "is more than the 4 bytes left"),
        ["page of two gigabytes"] = (() => Paged(Page(1, Ints(1), uncompressed: int.MaxValue)), "or the limit of 536870912"),
        ["page of negative size"] = (() => Paged(Page(1, Ints(1), uncompressed: -1)), "a page of 4 bytes (-1 uncompressed)"),
        ["page of other size than said"] = (() => Paged(Page(1, Ints(1), uncompressed: 5)), "an uncompressed page has 4 bytes, its header says 5"),
        ["more values than the column"] = (() => Paged(Page(2, Ints(1, 2))), "a page claims 2 values of the 1 left"),
        ["negative values"] = (() => Paged(Page(-1, Ints(1))), "a page claims -1 values"),
        ["fewer values than the column"] = (() => Save([s_root, Line("x", Int32)], 2, (Int32, 2, Page(1, Ints(1)))), "column 'x': its pages end before its values do"),
        ["dictionary that is not there"] = (() => Paged(Page(1, [1, 2, 0], encoding: 8)), "a dictionary that is not there"),
        ["dictionary larger than its page"] = (() => Paged([.. Page(1_000_000_000, Ints(7), type: 2), .. Page(1, [1, 2, 0], encoding: 8)]), "a dictionary claims 1000000000 values in 4 bytes"),
        ["index outside the dictionary"] = (() => Paged([.. Page(1, Ints(7), type: 2), .. Page(1, [1, 2, 1], encoding: 8)]), "entry 1 of a dictionary of 1"),
        ["index of 33 bits"] = (() => Paged([.. Page(1, Ints(7), type: 2), .. Page(1, [33, 2, 0], encoding: 8)]), "packs numbers of 33 bits"),
        ["encoding of another type"] = (() => Paged(Page(1, Ints(1), encoding: 7)), "encoding DeltaByteArray of Int32 values is not supported"),
        ["unknown encoding"] = (() => Paged(Page(1, Ints(1), encoding: 99)), "encoding 99 of Int32 values is not supported"),
        ["replaced level encoding"] = (() => Save([s_root, Line("x", Int32, Optional)], 1, (Int32, 1, Page(1, [1, .. Ints(1)], levels: 4))), "levels in encoding BitPacked are not supported"),
        ["levels above the schema's"] = (() => Save([s_root, Line("x", repetition: Optional, children: 1), Line("y", Int32, Optional)], 1, (Int32, 1, Page(1, [.. Levels(2, 3), .. Ints(1)]))), "levels (0, 3) exceed those of the schema (0, 2)"),
        ["delta of four billion values"] = (() => Paged(Page(1, [128, 1, 4, 255, 255, 255, 255, 15, 0], encoding: 5)), "miniblocks in blocks of 128 for 4294967295 values"),
        ["delta without miniblocks"] = (() => Paged(Page(1, [128, 1, 0, 1, 0], encoding: 5)), "has 0 miniblocks"),
        ["delta with fewer values"] = (() => Paged(Page(1, [128, 1, 4, 0, 0], encoding: 5)), "holds only 0 values"),
        ["more rows than entries"] = (() => Save([s_root, Line("x", Int32)], 2, (Int32, 1, Page(1, Ints(1)))), "column 'x': it ends before the others"),
        ["fewer rows than entries"] = (() => Save([s_root, Line("x", Int32)], 0, (Int32, 1, Page(1, Ints(1)))), "hold more than the 0 rows"),
        ["columns of other type"] = (() => Save([s_root, Line("x", Int32)], 1, (Int64, 1, Page(1, Ints(1)))), "column 'x': 1 values of Int64"),
        ["too few columns"] = (() => Save([Line("root", children: 2), Line("x", Int32), Line("y", Int32)], 1, (Int32, 1, Page(1, Ints(1)))), "it has 1 columns, the schema 2"),
        ["columns that disagree on rows"] = (() => Save(
            [Line("root", children: 1), Line("l", repetition: Repeated, children: 2), Line("x", Int32), Line("y", Int32)], 1,
            (Int32, 1, Page(1, [.. Levels(1, 0), .. Levels(1, 1), .. Ints(1)])),
            (Int32, 2, Page(2, [.. Levels(1, 0, 1), .. Levels(1, 1, 1), .. Ints(1, 2)]))), "the columns disagree on where a row ends"),
        ["group without fields"] = (() => Save([s_root, Line("x")], 1), "group 'x' has no fields"),
        ["schema that ends early"] = (() => Save([Line("root", children: 2), Line("x", Int32)], 1, (Int32, 1, Page(1, Ints(1)))), "ends within a group"),
        ["schema with more lines"] = (() => Save([s_root, Line("x", Int32), Line("y", Int32)], 1, (Int32, 1, Page(1, Ints(1)))), "lines that belong to no field"),
        ["field twice"] = (() => Save([Line("root", children: 2), Line("x", Int32), Line("x", Int32)], 1), "field 'x' appears twice"),
        ["schema nested 40 deep"] = (() => Save([.. Enumerable.Range(0, 40).Select(i => Line("g", children: 1)), Line("x", Int32)], 1), "nested deeper than 32"),
        ["fixed length of 0"] = (() => Save([s_root, Line("x", Fixed, length: 0)], 1), "field 'x' has children or no length"),
        ["unknown type"] = (() => Save([s_root, Line("x", 8)], 1), "unknown PhysicalType 8"),
        ["name of a million characters"] = (() => Save([s_root, Line(new string('n', 1_000_000), Int32)], 1), "a field name has 1000000 characters"),
        ["name of control characters"] = (() => Save([s_root, Line("\n\u001b", Int32)], 1, (Int64, 1, [])), "column '\\u000a\\u001b'"),
        ["row of four million nulls"] = (() => Save([s_root, Line("x", children: 1, converted: 3), Line("list", repetition: Repeated, children: 1), Line("y", Int32, Optional)], 1, (Int32, 4_200_000, Page(4_200_000,
            OneRowOfNulls(4_200_000)))), "a row has more than 4194304 values"),
        ["snappy of other size"] = (() => Compressed(1, [200, 1, 0, 0]), "decompresses to 200 bytes, its header says 4"),
        ["snappy that copies from before the start"] = (() => Compressed(1, [4, 0b0000_0001, 9]), "compressed with snappy is damaged"),
        ["snappy that writes too little"] = (() => Compressed(1, [4, 0, 7]), "compressed with snappy is damaged"),
        ["snappy without end of size"] = (() => Compressed(1, [255, 255, 255, 255, 255, 255, 255]), "compressed with snappy is damaged"),
        ["gzip that is none"] = (() => Compressed(2, [1, 2, 3, 4]), "column 'x'"),
        ["brotli that is none"] = (() => Compressed(4, [255, 255, 255, 255]), "does not decompress to the 4 bytes"),
        ["zstd that is none"] = (() => Compressed(6, [1, 2, 3, 4]), "compressed with zstd does not decompress"),
        ["LZO"] = (() => Compressed(3, [1]), "compression Lzo is not supported"),
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Hostile_file_gives_one_line_that_says_why(string name, string message)
    {
        string path = s_attacks[name].File();
        string fault = Fault(path);
        Assert.StartsWith(path + ": ", fault, StringComparison.Ordinal);
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    /// <summary>A file of one required column and one row.</summary>
    private static string One(byte[] line, byte[] value)
    {
        // The field after the header of id 1 holds the physical type, in zigzag form.
        return Save([s_root, line], 1, (line[1] / 2, 1, Page(1, value)));
    }

    private static string Paged(byte[] pages) => Save([s_root, Line("x", Int32)], 1, (Int32, 1, pages));

    private static string Compressed(int codec, byte[] content) => Save([s_root, Line("x", Int32)], 1, codec, (Int32, 1, Page(1, content, uncompressed: 4)));

    private static byte[] Ints(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    /// <summary>Levels of a row whose list holds many nulls: one entry that begins it and the others that continue it.</summary>
    private static byte[] OneRowOfNulls(int count)
    {
        byte[] repetitions = [2, 0, .. Run(count - 1, 1)];
        byte[] definitions = Run(count, 1);
        return [.. BitConverter.GetBytes(repetitions.Length), .. repetitions, .. BitConverter.GetBytes(definitions.Length), .. definitions];
    }

    private static byte[] Run(int count, byte value)
    {
        uint header = (uint)count << 1;
        return [(byte)(header & 127 | 128), (byte)(header >> 7 & 127 | 128), (byte)(header >> 14 & 127 | 128), (byte)(header >> 21), value];
    }

    private static string[] Rows(string path) => [.. ParquetFile.ReadRows(path).Select(r => r.ToJsonString())];

    private static string Fault(string path) => Assert.Throws<DataException>(() => ParquetFile.ReadRows(path).Count()).Message;
}
