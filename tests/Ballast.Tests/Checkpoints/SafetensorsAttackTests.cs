using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Ballast.Checkpoints;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Checkpoints;

/// <summary>One crafted file and one error for each rule of the format.</summary>
public class SafetensorsAttackTests
{
    private static readonly string s_first = Entry("a", "[1]", 0, 4);

    private static readonly Dictionary<string, (byte[] File, string Message)> s_attacks = new()
    {
        ["empty file"] = ([], "0 bytes are too few"),
        ["seven bytes"] = (new byte[7], "7 bytes are too few"),
        ["header longer than the file"] = (Length(1000, "{}"), "claims 1000 bytes but only 2 follow; the file is truncated"),
        ["header above the limit"] = (Length(100_000_001, "{}"), "claims 100000001 bytes, above the limit of 100000000"),
        ["header length of all ones"] = (Length(ulong.MaxValue, "{}"), "claims 18446744073709551615 bytes, above the limit"),
        ["header length in big-endian order"] = (Length(BinaryPrimitives.ReverseEndianness(2UL), "{}"), "above the limit"),
        ["no header text"] = (Bytes(""), "not valid JSON"),
        ["header not UTF-8"] = (Bytes([(byte)'{', 0xFF, (byte)'}'], []), "not UTF-8"),
        ["header not JSON"] = (Bytes("hello"), "not valid JSON"),
        ["header cut"] = (Bytes("{\"a\":{\"dtype\":\"F32\""), "not valid JSON"),
        ["text after the header"] = (Bytes("{} {}"), "not valid JSON"),
        ["byte order mark"] = (Bytes("\uFEFF{}"), "not valid JSON"),
        ["comment"] = (Bytes("{/* */}"), "not valid JSON"),
        ["trailing comma"] = (Bytes("{" + s_first + ",}", 4), "not valid JSON"),
        ["nested 1000 deep"] = (Bytes("{\"a\":{\"x\":" + new string('[', 1000) + new string(']', 1000) + "}}"), "not valid JSON"),
        ["lone surrogate in a name"] = (Bytes("{" + Entry("\\ud800", "[1]", 0, 4) + "}", 4), "not valid JSON"),
        ["list instead of object"] = (Bytes("[]"), "must be a JSON object"),
        ["tensor is a number"] = (Bytes("{\"a\":1}"), "'a': its description must be an object"),
        ["metadata is a list"] = (Bytes("{\"__metadata__\":[]}"), "must map text to text"),
        ["metadata is null"] = (Bytes("{\"__metadata__\":null}"), "must map text to text"),
        ["metadata holds a number"] = (Bytes("{\"__metadata__\":{\"format\":1}}"), "found Number under 'format'"),
        ["metadata holds an object"] = (Bytes("{\"__metadata__\":{\"x\":{\"y\":\"z\"}}}"), "found StartObject under 'x'"),
        ["metadata key twice"] = (Bytes("{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}"), "'x' appears twice in __metadata__"),
        ["metadata twice"] = (Bytes("{\"__metadata__\":{},\"__metadata__\":{}}"), "'__metadata__' appears twice"),
        ["name twice at the same place"] = (Bytes("{" + s_first + "," + s_first + "}", 4), "'a' appears twice"),
        ["name twice in two spellings"] = (Bytes("{" + s_first + "," + Entry("\\u0061", "[1]", 4, 8) + "}", 8), "'a' appears twice"),
        ["dtype twice"] = (Bytes("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "'a': dtype is given twice"),
        ["dtype missing"] = (Bytes("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "'a': its description needs dtype"),
        ["shape missing"] = (Bytes("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4), "'a': its description needs dtype, shape"),
        ["old key offsets"] = (Bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}}", 4), "two data_offsets"),
        ["one offset"] = (Bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4), "two data_offsets"),
        ["three offsets"] = (Bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4), "more than 2 numbers"),
        ["unknown dtype"] = (Bytes("{" + Entry("a", "[1]", 0, 4, "F33") + "}", 4), "'a': unknown dtype 'F33'"),
        ["dtype is a number"] = (Bytes("{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "unknown dtype Number"),
        ["negative dimension"] = (Bytes("{" + Entry("a", "[-1]", 0, 4) + "}", 4), "shape must hold whole numbers"),
        ["fraction"] = (Bytes("{" + Entry("a", "[1.0]", 0, 4) + "}", 4), "shape must hold whole numbers"),
        ["exponent"] = (Bytes("{" + Entry("a", "[1e0]", 0, 4) + "}", 4), "shape must hold whole numbers"),
        ["dimension above 64 bits"] = (Bytes("{" + Entry("a", "[18446744073709551616]", 0, 4) + "}", 4), "shape must hold whole numbers"),
        ["shape is text"] = (Bytes("{" + Entry("a", "\"1\"", 0, 4) + "}", 4), "shape must be a list"),
        ["65 dimensions"] = (Bytes("{" + Entry("a", "[" + string.Join(',', Enumerable.Repeat(1, 65)) + "]", 0, 4) + "}", 4), "shape has more than 64 numbers"),
        ["first tensor not at 0"] = (Bytes("{" + Entry("a", "[1]", 4, 8) + "}", 8), "'a': data begins at byte 4 and leaves a hole before it; expected byte 0"),
        ["hole"] = (Bytes("{" + s_first + "," + Entry("b", "[1]", 8, 12) + "}", 12), "'b': data begins at byte 8 and leaves a hole"),
        ["overlap"] = (Bytes("{" + s_first + "," + Entry("b", "[1]", 2, 6) + "}", 6), "'b': data begins at byte 2 and overlaps"),
        ["two tensors on the same bytes"] = (Bytes("{" + s_first + "," + Entry("b", "[1]", 0, 4) + "}", 4), "data begins at byte 0 and overlaps"),
        ["end before begin"] = (Bytes("{" + Entry("a", "[1]", 4, 0) + "}", 4), "'a': data_offsets [4, 0] end before they begin"),
        ["shape overflows"] = (Bytes("{" + Entry("a", "[4294967296,4294967296]", 0, 4) + "}", 4), "overflows 64 bits"),
        ["shape times type overflows"] = (Bytes("{" + Entry("a", "[4611686018427387904]", 0, 4) + "}", 4), "overflows 64 bits"),
        ["ends within a byte"] = (Bytes("{" + Entry("a", "[3]", 0, 2, "F4") + "}", 2), "ends within a byte"),
        ["size differs from shape"] = (Bytes("{" + Entry("a", "[2]", 0, 4) + "}", 4), "'a': F32 [2] takes 8 bytes but data_offsets span 4"),
        ["data cut"] = (Bytes("{" + Entry("a", "[2]", 0, 8) + "}", 7), "ends at byte 8 but the file holds 7 bytes of data; the file is truncated"),
        ["bytes after the data"] = (Bytes("{" + s_first + "}", 5), "1 bytes follow the last tensor"),
        ["bytes without tensor"] = (Bytes("{}", 3), "3 bytes follow the last tensor"),
        ["size near 2^63"] = (Bytes("{" + Entry("a", "[9223372036854775807]", 0, 9223372036854775807, "U8") + "}", 1), "overflows 64 bits"),
        ["a million terabytes"] = (Bytes("{" + Entry("a", "[1152921504606846976]", 0, 1152921504606846976, "U8") + "}", 1), "the file is truncated"),
        ["git-lfs pointer"] = (Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"), "git-lfs pointer, not the weights; fetch them with 'git lfs pull'"),
        ["zip pickle of PyTorch"] = ([.. "PK\u0003\u0004"u8, 0, 0, 8, 8, .. new byte[90]], "PyTorch pickle, which can run code when it is opened, so it is not read; if you trust it, convert it with: python -c"),
        ["bare pickle"] = ([0x80, 2, .. "}q\0X\u0004\0\0\0"u8, .. new byte[90]], "PyTorch pickle"),
        ["GGUF"] = ([.. "GGUF"u8, 3, 0, 0, 0, .. new byte[90]], "GGUF"),
        ["web page"] = (Encoding.ASCII.GetBytes("<!DOCTYPE html><html><body>Not found</body></html>"), "web page, not the weights"),
    };

    public static TheoryData<string> Attacks => [.. s_attacks.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Hostile_file_gives_one_line_that_names_it_G1_G2_G3_G4_G6_G7(string name)
    {
        (byte[] file, string message) = s_attacks[name];
        string path = Save(file);
        CheckpointException fault = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path + ": ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void Huge_claimed_header_allocates_nothing_G1()
    {
        string path = Save(Length(99_999_999, "{}"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_hundred_thousand_overlapping_tensors_are_refused_quickly_G3()
    {
        string entries = string.Join(',', Enumerable.Range(0, 100_000).Select(i => Entry($"t{i}", "[1000]", 0, 4000)));
        string path = Save(Bytes("{" + entries + "}", 4000));
        var watch = Stopwatch.StartNew();
        Assert.Contains("overlaps", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void Names_from_a_hostile_file_stay_on_one_line()
    {
        string path = Save(Bytes("{" + Entry("x\\n\\u001b[31m\\u2028" + new string('y', 10_000), "[2]", 0, 4) + "}", 4));
        string message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message;
        Assert.Contains("'x\\u000a\\u001b[31m\\u2028yyy", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 0, path.Length + 300);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Absent_file_is_named() =>
        Assert.EndsWith("none.safetensors: no such file", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open("/nowhere/none.safetensors")).Message, StringComparison.Ordinal);

    private static byte[] Length(ulong length, string rest)
    {
        byte[] file = [.. new byte[8], .. Encoding.UTF8.GetBytes(rest)];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        return file;
    }
}
