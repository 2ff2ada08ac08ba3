using System.Buffers.Binary;
using System.Text;
using Ballast.Tests.Support;

namespace Ballast.Tests.Checkpoints;

/// <summary>Builds safetensors bytes by hand, right ones and wrong ones.</summary>
internal static class RawSafetensors
{
    /// <summary>A file of a header text and data of zeros.</summary>
    public static byte[] Bytes(string header, int dataLength = 0) => Bytes(Encoding.UTF8.GetBytes(header), new byte[dataLength]);

    public static byte[] Bytes(byte[] header, byte[] data)
    {
        byte[] file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }

    /// <summary>One F32 entry of a header.</summary>
    public static string Entry(string name, string shape, long begin, long end, string type = "F32") =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":[{begin},{end}]}}";

    /// <summary>Writes a file into a fresh folder and gives its path.</summary>
    public static string Save(byte[] bytes, string name = "model.safetensors")
    {
        string path = Path.Combine(Shared.TemporaryFolder(), name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>Writes a file of F32 tensors.</summary>
    public static void SaveFloats(string path, params (string Name, float[] Values)[] tensors)
    {
        List<string> entries = [];
        List<byte> data = [];
        foreach ((string name, float[] values) in tensors)
        {
            entries.Add(Entry(name, $"[{values.Length}]", data.Count, data.Count + values.Length * 4));
            data.AddRange(values.SelectMany(BitConverter.GetBytes));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Bytes(Encoding.UTF8.GetBytes("{" + string.Join(',', entries) + "}"), [.. data]));
    }
}
