using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Data.Parquet;
using Ballast.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Ballast.Tests.Data.Parquet;

public class ParquetFileTests
{
    private static string Folder => Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "parquet");

    /// <summary>Every fixture beside its rows as DuckDB reads them; make_fixtures.mjs says what each one exercises.</summary>
    public static TheoryData<string> Fixtures =>
        [.. Directory.EnumerateFiles(Folder, "*.parquet").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n != "lz4").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Rows_equal_those_of_another_reader(string name)
    {
        JsonObject[] rows = [.. ParquetFile.ReadRows(Path.Combine(Folder, name + ".parquet"))];
        string[] expected = File.ReadAllLines(Path.Combine(Folder, name + ".jsonl"));
        Assert.Equal(expected.Length, rows.Length);
        Assert.All(rows.Zip(expected), pair => Assert.True(Same(pair.First, pair.Second), $"expected {pair.Second}\nfound    {pair.First.ToJsonString()}"));
    }

    [Fact]
    public void Columns_keep_their_order() => Assert.Equal(
        ["instruction", "input", "output"], ParquetFile.ReadRows(Path.Combine(Folder, "alpaca-brotli.parquet")).First().Select(p => p.Key));

    [Fact]
    public void Unsupported_compression_is_named() =>
        Assert.Contains("compression Lz4Raw is not supported; write the file with snappy", Fault(Path.Combine(Folder, "lz4.parquet")), StringComparison.Ordinal);

    [Fact]
    public void Absent_file_is_named() => Assert.Equal("/nowhere/x.parquet: no such file", Fault("/nowhere/x.parquet"));

    [Theory]
    [InlineData("", "0 bytes are too few")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "begins and ends with PAR1")]
    [InlineData("PAR1........PARE", "encrypted")]
    [InlineData("PAR1\u0001\u0002\u0003\u007fPAR1", "footer claims 2130903553 bytes")]
    [InlineData("PAR1\0\0\0\0PAR1", "metadata is cut")]
    [InlineData("PAR1\0\u0001\0\0\0PAR1", "the schema has 0 lines")]
    public void Other_files_are_refused(string text, string message)
    {
        string path = Path.Combine(Shared.TemporaryFolder(), "x.parquet");
        File.WriteAllText(path, text, System.Text.Encoding.Latin1);
        string fault = Fault(path);
        Assert.StartsWith(path + ": ", fault, StringComparison.Ordinal);
        Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("types-v2")]
    [InlineData("messages-zstd")]
    [InlineData("encodings-snappy")]
    [InlineData("conversations-snappy")]
    [InlineData("tokens-gzip")]
    [InlineData("alpaca-brotli")]
    public void Damaged_files_give_rows_or_a_data_fault(string name)
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(Folder, name + ".parquet"));
        string path = Path.Combine(Shared.TemporaryFolder(), "x.parquet");
        Gen<byte[]> damaged =
            from places in Gen.Choose(4, valid.Length - 9).ArrayOf(3)
            from values in Gen.Choose(0, 255).ArrayOf(3)
            select Damage(valid, places, values);
        Prop.ForAll(damaged.ToArbitrary(), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            try
            {
                return ParquetFile.ReadRows(path).Take(10_000).All(row => row.Count > 0);
            }
            catch (DataException fault)
            {
                return fault.Message.StartsWith(path, StringComparison.Ordinal);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20261121, 5).WithQuietOnSuccess(true));
    }

    private static byte[] Damage(byte[] valid, int[] places, int[] values)
    {
        byte[] bytes = (byte[])valid.Clone();
        for (int i = 0; i < places.Length; i++)
        {
            bytes[places[i]] = (byte)values[i];
        }

        return bytes;
    }

    private static bool Same(JsonObject row, string expected)
    {
        using var found = JsonDocument.Parse(row.ToJsonString());
        using var wanted = JsonDocument.Parse(expected);
        return JsonElement.DeepEquals(found.RootElement, wanted.RootElement);
    }

    private static string Fault(string path) => Assert.Throws<DataException>(() => ParquetFile.ReadRows(path).Count()).Message;
}
