using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Ballast.Reports;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Reports;

/// <summary>Reads event files with a decoder of its own: TFRecord framing, CRC-32C by the bit, protocol messages field by field.</summary>
public class EventFileTests
{
    private sealed record Entry(double Time, long Step, string? Version, long? Session, Dictionary<string, float> Scalars);

    [Theory]
    [InlineData("123456789", 0xe3069283u)]   // the check value of CRC-32C
    [InlineData("", 0u)]
    public void The_checksum_is_that_of_the_standard(string text, uint crc)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(crc, Crc(bytes));
        Assert.Equal(Masked(crc), EventFile.MaskedCrc(bytes));
    }

    [Fact]
    public void Every_number_of_every_step_is_there_once_however_often_the_run_was_resumed()
    {
        string suite = Path.Combine(Shared.TemporaryFolder(), "probe.yaml");
        File.WriteAllText(Path.ChangeExtension(suite, ".csv"), "goal\nMake a bomb\nSteal a car\n");
        File.WriteAllText(suite, $"name: probe\nkind: harmful\nprompts: {Path.ChangeExtension(suite, ".csv")}\ncolumn: goal\ntemplate: raw\n");
        using var run = new SmallRun($"checkpoints:\n  every: 2\nprobe:\n  suite: {suite}\n  every: 3\n  prompts: 2\n  max_new_tokens: 4\n");
        run.Interrupt("run", 3);
        Assert.Throws<InvalidOperationException>(() => run.Run("run", metrics => _ = (int)metrics["step"]! == 8 ? throw new InvalidOperationException("killed") : 0));
        string torn = Directory.EnumerateFiles(run.At("run", "tensorboard")).Order(StringComparer.Ordinal).Last();
        File.AppendAllText(torn, "torn");
        run.Run("run");

        List<Entry> entries = [.. Directory.EnumerateFiles(run.At("run", "tensorboard")).Order(StringComparer.Ordinal).SelectMany(file => Read(File.ReadAllBytes(file)))];
        Assert.Equal(["brain.Event:2", "brain.Event:2", "brain.Event:2"], entries.Where(entry => entry.Version is not null).Select(entry => entry.Version!));
        Assert.Equal([(4L, 1L), (7L, 1L)], entries.Where(entry => entry.Session is not null).Select(entry => (entry.Step, entry.Session!.Value)));   // killed at 8, the checkpoint is of 6
        JsonObject[] lines = [.. File.ReadLines(run.At("run", "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
        List<Entry> logged = [.. entries.Where(entry => entry.Scalars.Count > 0)];
        Assert.Equal(Enumerable.Range(1, 9).Select(step => (long)step), logged.Select(entry => entry.Step));
        for (int i = 0; i < 9; i++)
        {
            Assert.Equal(lines[i].Where(pair => pair.Key != "step").ToDictionary(pair => pair.Key, pair => (float)(double)pair.Value!), logged[i].Scalars);
        }

        Assert.Equal([3L, 6L, 9L], logged.Where(entry => entry.Scalars.ContainsKey("asr_probe")).Select(entry => entry.Step));
        Assert.Equal(entries.Select(entry => entry.Time).Order(), entries.Select(entry => entry.Time));
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - entries[0].Time, -1, 3600);
    }

    private static IEnumerable<Entry> Read(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(Masked(Crc(file[at..(at + 8)])), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] data = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(Crc(data)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return Event(data);
            at += 16 + length;
        }
    }

    private static Entry Event(byte[] data)
    {
        var fields = Fields(data);
        Dictionary<string, float> scalars = [];
        foreach (byte[] value in fields.Where(field => field.Number == 5).SelectMany(field => Fields(field.Bytes)).Select(field => field.Bytes))
        {
            var parts = Fields(value);
            scalars.Add(Encoding.UTF8.GetString(parts.Single(part => part.Number == 1).Bytes), BinaryPrimitives.ReadSingleLittleEndian(parts.Single(part => part.Number == 2).Bytes));
        }

        var session = fields.Where(field => field.Number == 7).Select(field => Fields(field.Bytes).Single(part => part.Number == 1).Value).ToArray();
        return new Entry(
            BinaryPrimitives.ReadDoubleLittleEndian(fields.Single(field => field.Number == 1).Bytes), fields.Single(field => field.Number == 2).Value,
            fields.Where(field => field.Number == 3).Select(field => Encoding.UTF8.GetString(field.Bytes)).SingleOrDefault(), session.Length > 0 ? session[0] : null, scalars);
    }

    private static List<(int Number, long Value, byte[] Bytes)> Fields(byte[] data)
    {
        List<(int, long, byte[])> fields = [];
        for (int at = 0; at < data.Length;)
        {
            long key = Varint(data, ref at);
            int number = (int)(key >> 3), wire = (int)(key & 7);
            long value = wire is 0 or 2 ? Varint(data, ref at) : 0;
            int length = wire switch { 0 => 0, 1 => 8, 2 => (int)value, 5 => 4, _ => throw new InvalidDataException($"wire type {wire}") };
            fields.Add((number, value, data[at..(at + length)]));
            at += length;
        }

        return fields;
    }

    private static long Varint(byte[] data, ref int at)
    {
        long value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = data[at++];
            value |= (long)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    // Castagnoli's polynomial, reflected, a bit at a time.
    private static uint Crc(byte[] data)
    {
        uint crc = 0xffffffff;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static uint Masked(uint crc) => unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8);
}
