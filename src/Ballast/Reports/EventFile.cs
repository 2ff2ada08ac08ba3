using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Ballast.Reports;

/// <summary>A TensorBoard event file: scalars by step, which TensorBoard and other readers of its format draw while the run goes on.</summary>
/// <remarks>
/// Records of the TFRecord format: length, masked CRC-32C of the length, data, masked CRC-32C of the data; the data is an Event protocol message. Of its fields
/// four are needed (tensorflow/core/util/event.proto): 1 wall_time, 2 step, 3 file_version, 5 summary, and 7 session_log, which tells a TensorBoard that is
/// already looking to forget what an earlier process logged from this step on.
/// </remarks>
internal sealed class EventFile : IDisposable
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    private readonly FileStream _file;

    /// <summary>Begins a file behind those of earlier processes, which are cut back to the steps that are done.</summary>
    /// <param name="folder">TensorBoard's log directory.</param>
    /// <param name="step">Steps that are done.</param>
    public EventFile(string folder, int step)
    {
        Directory.CreateDirectory(folder);
        string[] earlier = Directory.GetFiles(folder, "events.out.tfevents.*");
        foreach (string file in earlier)
        {
            CutBack(file, step);
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.ballast.{earlier.Length:0000}");
        _file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        Append(Event(0, Text(3, "brain.Event:2")));
        if (step > 0)
        {
            Append(Event(step + 1, Message(7, Number(1, 1))));   // SessionLog.START
        }
    }

    /// <summary>Adds every number of a step under its own name.</summary>
    public void Write(int step, JsonElement metrics)
    {
        var values = metrics.EnumerateObject().Where(field => field.Name != "step" && field.Value.ValueKind == JsonValueKind.Number)
            .Select(field => Message(1, [.. Text(1, field.Name), .. Single(2, (float)field.Value.GetDouble())]));
        Append(Event(step, Message(5, [.. values.SelectMany(value => value)])));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>CRC-32C, masked as the format wants it, so that the checksum of data that holds checksums stays a good one.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return unchecked(BitOperations.RotateRight(~crc, 15) + 0xa282ead8u);
    }

    private void Append(byte[] data)
    {
        byte[] record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(data.Length + 12), MaskedCrc(data));
        _file.Write(record);
    }

    // Keeps the whole records up to a step; the step is the second field of every Event written here.
    private static void CutBack(string path, int step)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        int end = 0;
        while (bytes.Length - end >= 16 && BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(end)) is >= 11 and var length && length <= bytes.Length - end - 16)
        {
            if (StepOf(bytes.AsSpan(end + 12, (int)length)) > step)
            {
                break;
            }

            end += (int)length + 16;
        }

        file.SetLength(end);
    }

    private static long StepOf(ReadOnlySpan<byte> data)
    {
        long step = 0;
        for (int i = 10, shift = 0; i < data.Length; i++, shift += 7)
        {
            step |= (long)(data[i] & 127) << shift;
            if (data[i] < 128)
            {
                break;
            }
        }

        return step;
    }

    private static byte[] Event(long step, byte[] content)
    {
        byte[] time = new byte[9];
        time[0] = Key(1, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(time.AsSpan(1), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0);
        return [.. time, .. Number(2, step), .. content];
    }

    private static byte[] Number(int field, long value) => [Key(field, Varint), .. Digits(value)];

    private static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] content) => [Key(field, Delimited), .. Digits(content.Length), .. content];

    private static byte[] Single(int field, float value)
    {
        byte[] bytes = [Key(field, Fixed32), 0, 0, 0, 0];
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(1), value);
        return bytes;
    }

    private static byte Key(int field, int wire) => (byte)(field << 3 | wire);

    // Seven bits at a time, lowest first; all but the last with the high bit.
    private static IEnumerable<byte> Digits(long value)
    {
        for (; value > 127; value >>= 7)
        {
            yield return (byte)(value & 127 | 128);
        }

        yield return (byte)value;
    }
}
