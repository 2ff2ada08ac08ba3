using Ballast.Checkpoints;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Checkpoints;

public class SafetensorsFuzzTests
{
    private static readonly byte[] s_valid = Bytes(
        "{\"__metadata__\":{\"format\":\"pt\"}," + Entry("a", "[2,3]", 0, 24) + "," + Entry("b", "[]", 24, 26, "BF16") + "," + Entry("c", "[0]", 26, 26) + "}", 26);

    private static readonly string[] s_pieces =
        ["{", "}", "[", "]", ",", ":", "\"a\"", "\"dtype\"", "\"F32\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "0", "4", "-1", "1e9", "9223372036854775807", "null", " ", "\\"];

    /// <summary>Bytes of a right file, changed in up to four places or cut.</summary>
    private static readonly Gen<byte[]> s_damaged =
        from places in Gen.Choose(0, s_valid.Length - 1).ListOf()
        from values in Gen.Choose(0, 255).ArrayOf(4)
        from length in Gen.Frequency((3, Gen.Constant(s_valid.Length)), (1, Gen.Choose(0, s_valid.Length)))
        select Damage(places.Take(4).ToArray(), values, length);

    /// <summary>Headers put together from the words of the format in any order.</summary>
    private static readonly Gen<byte[]> s_jumbled =
        from words in Gen.Elements(s_pieces).ListOf()
        from data in Gen.Choose(0, 30)
        select Bytes("{\"t\":{" + string.Concat(words) + "}}", data);

    [Fact]
    public void Damaged_files_open_soundly_or_give_a_checkpoint_fault_G10() => Check(s_damaged, 1000);

    [Fact]
    public void Jumbled_headers_open_soundly_or_give_a_checkpoint_fault_G10() => Check(s_jumbled, 1000);

    private static void Check(Gen<byte[]> files, int count) =>
        Prop.ForAll(files.ToArbitrary(), OpensSoundlyOrIsRefused)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(20261121, 3).WithQuietOnSuccess(true));

    private static bool OpensSoundlyOrIsRefused(byte[] bytes)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, bytes);
            using var file = SafetensorsFile.Open(path);
            long header = BitConverter.ToInt64(bytes);
            return file.Entries.Values.Sum(e => e.ByteCount) == bytes.Length - 8 - header && file.Entries.Keys.All(n => file.Bytes(n).Length >= 0);
        }
        catch (CheckpointException fault)
        {
            return fault.Message.StartsWith(path, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Damage(int[] places, int[] values, int length)
    {
        byte[] bytes = (byte[])s_valid.Clone();
        for (int i = 0; i < places.Length; i++)
        {
            bytes[places[i]] = (byte)values[i];
        }

        return bytes[..length];
    }
}
