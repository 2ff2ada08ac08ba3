using Ballast.Checkpoints;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Checkpoints;

public class CheckpointWriterTests
{
    private readonly string _parent = Shared.TemporaryFolder();

    private string Target => Path.Combine(_parent, "out");

    [Theory]
    [InlineData("base")]
    [InlineData("tuned-a-bf16")]
    [InlineData("tok-chat")]
    public void Rewriting_a_file_of_the_reference_writer_gives_the_same_bytes_B2(string model)
    {
        string source = Shared.Path("golden", "merge", "models", model);
        using (var checkpoint = Checkpoint.Open(source))
        using (CheckpointWriter writer = new(Target, checkpoint.Entries.Values.Reverse()))
        {
            foreach (string name in checkpoint.Entries.Keys)
            {
                writer.Write(name, checkpoint.Bytes(name));
            }

            writer.Complete();
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "model.safetensors")), File.ReadAllBytes(Path.Combine(Target, "model.safetensors")));
        Assert.Equal(["model.safetensors"], Names(Target));
    }

    [Fact]
    public void The_file_is_this_one_byte_for_byte_B2()
    {
        using (CheckpointWriter writer = new(Target, [TensorEntry.Create("h", DType.F16, 1), TensorEntry.Create("f", DType.F32, 1, 1), TensorEntry.Create("\u00e9\"", DType.F32)]))
        {
            writer.Write("f", [1, 2, 3, 4]);
            writer.Write("\u00e9\"", [5, 6, 7, 8]);
            writer.Write("h", [9, 10]);
            writer.Complete();
        }

        const string Header = "{\"__metadata__\":{\"format\":\"pt\"},\"f\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
            + "\"\u00e9\\\"\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]},\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]}}";
        byte[] header = System.Text.Encoding.UTF8.GetBytes(Header + new string(' ', 7 - (System.Text.Encoding.UTF8.GetByteCount(Header) + 7) % 8));
        Assert.Equal(0, header.Length % 8);
        Assert.Equal(RawSafetensors.Bytes(header, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), File.ReadAllBytes(Path.Combine(Target, "model.safetensors")));
    }

    [Fact]
    public void Shards_follow_the_rule_of_huggingface_hub()
    {
        // The example of huggingface_hub: sizes 6, 6, 2, 6, 2, 2 at a limit of 10 give [6], [6, 2], [6, 2, 2]; a tensor of 11 is a shard at once.
        TensorEntry[] entries = [.. new[] { 6, 6, 2, 11, 6, 2, 2 }.Select((size, i) => TensorEntry.Create($"t{i}", DType.U8, size))];
        using (CheckpointWriter writer = new(Target, entries, maxShardBytes: 10))
        {
            Parallel.ForEach(entries, e => writer.Write(e.Name, Enumerable.Repeat((byte)(e.Name[1] - '0'), (int)e.ByteCount).ToArray()));
            writer.Complete();
        }

        using var written = Checkpoint.Open(Target);
        Assert.Equal(
            [("t0", 1), ("t1", 3), ("t2", 3), ("t3", 2), ("t4", 4), ("t5", 4), ("t6", 4)],
            entries.Select(e => (e.Name, Path.GetFileName(written.FileOf(e.Name))["model-0000".Length] - '0')));
        Assert.All(entries, e => Assert.All(written.Bytes(e.Name).ToArray(), b => Assert.Equal(e.Name[1] - '0', b)));
        Assert.StartsWith("{\n  \"metadata\": {\n    \"total_size\": 35\n  },\n  \"weight_map\": {\n    \"t0\": \"model-00001-of-00004.safetensors\",\n",
            File.ReadAllText(Path.Combine(Target, "model.safetensors.index.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_make_a_whole_and_a_gap_is_a_bug()
    {
        using CheckpointWriter writer = new(Target, [TensorEntry.Create("a", DType.U8, 4)]);
        writer.Write("a", 2, [3, 4]);
        Assert.Contains("2 of its bytes", Assert.Throws<InvalidOperationException>(writer.Complete).Message, StringComparison.Ordinal);
        writer.Write("a", 0, [1, 2]);
        writer.Complete();
        using var written = Checkpoint.Open(Target);
        Assert.Equal([1, 2, 3, 4], written.Bytes("a").ToArray());
    }

    [Fact]
    public void Unannounced_names_and_wrong_sizes_are_bugs()
    {
        using CheckpointWriter writer = new(Target, [TensorEntry.Create("a", DType.U8, 4)]);
        Assert.Throws<ArgumentException>(() => writer.Write("b", [1]));
        Assert.Throws<ArgumentException>(() => writer.Write("a", [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write("a", 3, [1, 2]));
        Assert.Throws<ArgumentException>(() => writer.WriteText("../x", ""));
        Assert.Throws<ArgumentException>(() => TensorEntry.Create("odd", DType.F4, 3));
    }

    [Fact]
    public void Nothing_appears_under_the_name_before_the_end_D5()
    {
        CheckpointWriter writer = new(Target, [TensorEntry.Create("a", DType.U8, 1)]);
        writer.Write("a", [1]);
        writer.WriteText("config.json", "{}");
        Assert.False(Directory.Exists(Target));
        writer.Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_parent));
    }

    [Fact]
    public void A_filled_folder_is_refused_and_replaced_on_request()
    {
        Save("first");
        Assert.Contains("the output folder is not empty", Assert.Throws<ConfigException>(() => Save("second")).Message, StringComparison.Ordinal);
        Assert.Equal("first", File.ReadAllText(Path.Combine(Target, "note.txt")));
        File.WriteAllText(Path.Combine(Target, "stale.txt"), "");
        Save("third", replace: true);
        Assert.Equal("third", File.ReadAllText(Path.Combine(Target, "note.txt")));
        Assert.Equal(["model.safetensors", "note.txt"], Names(Target));
        Assert.Equal(["out"], Names(_parent));
    }

    [Fact]
    public void An_empty_folder_is_taken_and_a_file_is_refused()
    {
        Directory.CreateDirectory(Target);
        Save("x");
        Assert.Equal(["out"], Names(_parent));
        string file = Path.Combine(_parent, "file");
        File.WriteAllText(file, "");
        Assert.EndsWith("found a file", Assert.Throws<ConfigException>(() => new CheckpointWriter(file, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_old_folder_stays_when_replacing_fails()
    {
        Save("old");
        using (CheckpointWriter writer = new(Target, [TensorEntry.Create("a", DType.U8, 1)], replace: true))
        {
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }

        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "note.txt")));
        Assert.Equal(["out"], Names(_parent));
    }

    [Fact]
    public void Too_little_free_space_is_found_before_writing()
    {
        TensorEntry huge = TensorEntry.Create("a", DType.U8, 1L << 55);
        Assert.Contains("the weights take 32768 TiB and the other files up to 64.0 MiB, ", Assert.Throws<ConfigException>(() => new CheckpointWriter(Target, [huge])).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_parent));
    }

    [Fact]
    public void A_write_that_the_disk_refuses_leaves_nothing()
    {
        // Above the largest file of common file systems, so reserving the space fails even where free space looked sufficient.
        TensorEntry huge = TensorEntry.Create("a", DType.U8, 1L << 60);
        RunException fault = Assert.Throws<RunException>(() => new CheckpointWriter(Target, [huge], long.MaxValue, false, _ => long.MaxValue));
        Assert.Contains("model.safetensors: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_parent));
    }

    [Theory]
    [InlineData(28, "the disk is full")]
    [InlineData(122, "the disk is full")]
    [InlineData(5, "cannot be written: Input/output error")]
    public void Full_disks_are_told_from_other_faults(int error, string message) =>
        Assert.Contains(message, WriteFault.Explain("x", new IOException("Input/output error", error)).Message, StringComparison.Ordinal);

    private void Save(string note, bool replace = false)
    {
        using CheckpointWriter writer = new(Target, [], replace: replace);
        writer.WriteText("note.txt", note);
        writer.Complete();
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
