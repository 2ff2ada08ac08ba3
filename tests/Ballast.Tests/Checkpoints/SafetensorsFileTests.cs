using System.Runtime.InteropServices;
using System.Text;
using Ballast.Checkpoints;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Checkpoints;

public class SafetensorsFileTests
{
    [Fact]
    public void Tensors_come_with_type_shape_and_bytes()
    {
        byte[] data = [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f), 7, 0, 0, 0, 0, 0, 0, 0];
        string header = "{\"__metadata__\":{\"format\":\"pt\"}," + Entry("id", "[]", 8, 16, "I64") + "," + Entry("w", "[1,2]", 0, 8) + "}";
        using var file = SafetensorsFile.Open(Save(Bytes(Encoding.UTF8.GetBytes(header), data)));
        Assert.Equal(["w", "id"], file.Entries.Keys);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal((DType.F32, 8L, 2L), (file.Entries["w"].DType, file.Entries["w"].ByteCount, file.Entries["w"].ElementCount));
        Assert.Equal([1, 2], file.Entries["w"].Shape);
        Assert.Equal([1.5f, -2f], MemoryMarshal.Cast<byte, float>(file.Bytes("w")).ToArray());
        Assert.Equal(7, BitConverter.ToInt64(file.Bytes("id")));
        Assert.Equal((DType.I64, 1L), (file.Entries["id"].DType, file.Entries["id"].ElementCount));
        Assert.Empty(file.Entries["id"].Shape);
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData(" \t\r\n{}  \n", 0)]
    [InlineData("{\"__metadata__\":{}}", 0)]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0]}}", 0)]
    [InlineData("{\"a\":{\"data_offsets\":[0,1],\"shape\":[2],\"dtype\":\"F4\",\"later\":{\"x\":[1]}}}", 1)]
    [InlineData("{\"a\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,3]}}", 3)]
    [InlineData("{\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3)]
    public void Legal_oddities_are_read(string header, int dataLength)
    {
        using var file = SafetensorsFile.Open(Save(Bytes(header, dataLength)));
        Assert.Equal(dataLength, file.Entries.Values.Sum(e => e.ByteCount));
    }

    [Theory]
    [InlineData("tensor-1d-int32", DType.I32)]
    [InlineData("tensor-2d-float64", DType.F64)]
    [InlineData("tensor-3d-float32", DType.F32)]
    [InlineData("tensor-4d-float32", DType.F32)]
    public void Files_of_another_writer_are_read(string name, DType type)
    {
        using var file = SafetensorsFile.Open(Shared.Path("data", "safetensors-fixtures", name + ".safetensors"));
        TensorEntry entry = Assert.Single(file.Entries.Values);
        Assert.Equal(type, entry.DType);
        Assert.Equal(name[7] - '0', entry.Shape.Length);
        Assert.Equal(-1, FiniteCheck.FirstNonFinite(entry.DType, file.Bytes(entry.Name)));
    }

    [Fact]
    public void Parts_of_a_tensor_are_read_from_the_file()
    {
        using var file = SafetensorsFile.Open(Save(Bytes(Encoding.UTF8.GetBytes("{" + Entry("a", "[4]", 0, 4, "U8") + "}"), [1, 2, 3, 4])));
        byte[] part = new byte[2];
        file.Read("a", 1, part);
        Assert.Equal([2, 3], part);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read("a", 3, part));
        Assert.Equal([3, 4], file.Content("a").Slice(2, 100).ToArray());
    }

    [Fact]
    public void Tensors_above_two_gigabytes_are_read_at_both_ends()
    {
        const long Size = (1L << 31) + 100;
        string path = Save(Bytes("{" + Entry("a", $"[{Size}]", 0, Size, "U8") + "}"));
        long start = new FileInfo(path).Length;
        using (FileStream stream = File.OpenWrite(path))
        {
            stream.SetLength(start + Size);
            stream.Position = start + Size - 1;
            stream.WriteByte(42);
        }

        try
        {
            using var file = SafetensorsFile.Open(path);
            Assert.Equal(Size, file.Content("a").Length);
            Assert.Equal(42, file.Content("a").Slice(Size - 1, 10)[0]);
            byte[] last = new byte[1];
            file.Read("a", Size - 1, last);
            Assert.Equal(42, last[0]);
            Assert.Throws<InvalidOperationException>(() => file.Bytes("a").Length);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void An_unknown_tensor_is_named_with_its_file()
    {
        string path = Save(Bytes("{}"));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal($"{path}: there is no tensor 'lm_head.weight'", Assert.Throws<CheckpointException>(() => file.Bytes("lm_head.weight").Length).Message);
    }

    [Fact]
    public void A_disposed_file_refuses_reads()
    {
        var file = SafetensorsFile.Open(Save(Bytes("{" + Entry("a", "[1]", 0, 4) + "}", 4)));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Bytes("a").Length);
    }
}
