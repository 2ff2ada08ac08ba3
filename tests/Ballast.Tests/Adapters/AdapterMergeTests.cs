using System.Globalization;
using System.Runtime.InteropServices;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Adapters;

public class AdapterMergeTests
{
    public static TheoryData<string> Cases => LoraGoldenTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merged_weights_equal_those_of_peft(string name)
    {
        var golden = new Case(name);
        using var merge = AdapterMerge.Open(new ModelName(golden.Base, golden.Folder));
        string[] names = [.. golden.Keys("merged.").Where(key => key != "logits")];
        Assert.Equal(names, merge.Entries.Keys.Where(merge.Changes).Order(StringComparer.Ordinal));
        foreach (string tensor in names)
        {
            using var merged = merge.Merged(tensor);
            GoldenTensors.Close(golden.Floats("merged." + tensor), merged.ToArray<float>(), 1e-5, tensor);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("rslora")]
    [InlineData("dora")]
    public void Scaled_merges_equal_those_of_peft(string name)
    {
        var golden = new Case(name);
        int compared = 0;
        foreach (string key in golden.Keys("scaled.").Where(key => !key.EndsWith(".logits", StringComparison.Ordinal)))
        {
            string tensor = key[key.IndexOf("model.", StringComparison.Ordinal)..], factor = key[..(key.Length - tensor.Length - 1)];
            using var merge = AdapterMerge.Open(new ModelName(golden.Base, golden.Folder), double.Parse(factor, CultureInfo.InvariantCulture));
            using var merged = merge.Merged(tensor);
            GoldenTensors.Close(golden.Floats("scaled." + key), merged.ToArray<float>(), 1e-5, key);
            compared++;
        }

        Assert.True(compared > 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void B1_the_written_model_computes_what_the_adapter_computes(string name)
    {
        var golden = new Case(name);
        string folder = Path.Combine(Shared.TemporaryFolder(), "merged");
        var summary = AdapterMergeWriter.Run(new ModelName(golden.Base, golden.Folder), folder, cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(summary.LargestLogitChange!.Value, 0, 2e-4);
        using var model = Decoder.Load(folder);
        using var logits = model.Logits(golden.Batch);
        GoldenTensors.Close(golden.Floats("merged.logits"), logits.ToArray<float>(), 2e-4, "logits");
    }

    [Fact]
    public void B1_a_merge_into_bfloat16_is_rounded_once()
    {
        var golden = new Case("plain");
        string half = Path.Combine(Shared.TemporaryFolder(), "base"), folder = Path.Combine(Shared.TemporaryFolder(), "merged");
        Narrow(golden.Base, half);
        AdapterMergeWriter.Run(new ModelName(half, golden.Folder), folder, cancellationToken: TestContext.Current.CancellationToken);
        using var written = Checkpoint.Open(folder);
        string[] names = [.. golden.Keys("merged_bf16.")];
        Assert.NotEmpty(names);
        foreach (string tensor in names)
        {
            Assert.Equal(DType.BF16, written.Entries[tensor].DType);
            float[] expected = golden.Floats("merged_bf16." + tensor);
            var bits = MemoryMarshal.Cast<byte, ushort>(written.Bytes(tensor)).ToArray();
            int differ = 0;
            for (int i = 0; i < bits.Length; i++)
            {
                int distance = Math.Abs(bits[i] - (int)(BitConverter.SingleToUInt32Bits(expected[i]) >> 16));
                Assert.InRange(distance, 0, 1);
                differ += distance;
            }

            Assert.InRange(differ, 0, bits.Length / 100);
        }
    }

    [Fact]
    public void A_merge_can_be_taken_back()
    {
        var golden = new Case("plain");
        string merged = Path.Combine(Shared.TemporaryFolder(), "merged"), back = Path.Combine(Shared.TemporaryFolder(), "back");
        var token = TestContext.Current.CancellationToken;
        AdapterMergeWriter.Run(new ModelName(golden.Base, golden.Folder), merged, cancellationToken: token);
        AdapterMergeWriter.Run(new ModelName(merged, golden.Folder), back, new AdapterMergeOptions(Undo: true), cancellationToken: token);
        using Decoder first = Decoder.Load(golden.Base), last = Decoder.Load(back);
        Assert.InRange(first.Weights.Master.Distance(last.Weights.Master), 0, 1e-5);
        Assert.Contains("cannot be taken back", Assert.Throws<ConfigException>(() =>
            AdapterMergeWriter.Run(new ModelName(merged, Shared.Path("golden", "lora", "dora")), back + "2", new AdapterMergeOptions(Undo: true), cancellationToken: token)).Message);
    }

    private static void Narrow(string from, string to)
    {
        using var source = Checkpoint.Open(from);
        using var writer = new CheckpointWriter(to, source.Entries.Values.Select(entry => TensorEntry.Create(entry.Name, DType.BF16, entry.Shape)));
        foreach (string name in source.Entries.Keys)
        {
            var bytes = new byte[source.Entries[name].ElementCount * 2];
            FloatConversion.FromSingle(MemoryMarshal.Cast<byte, float>(source.Bytes(name)), DType.BF16, bytes);
            writer.Write(name, bytes);
        }

        writer.CopySidecars(from);
        writer.Complete();
    }
}
