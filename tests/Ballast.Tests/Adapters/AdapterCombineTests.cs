using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Adapters;

/// <summary>Combinations against add_weighted_adapter of PEFT, and the extraction of an adapter that is known.</summary>
public class AdapterCombineTests
{
    [Theory]
    [InlineData(CombineKind.Linear, "linear")]
    [InlineData(CombineKind.Cat, "cat")]
    [InlineData(CombineKind.Svd, "svd")]
    [InlineData(CombineKind.Ties, "ties")]
    public void Combinations_equal_those_of_peft(CombineKind kind, string name)
    {
        string source = Shared.Path("golden", "lora", "combine"), trunk = Shared.Path("golden", "lora", "base-llama");
        string output = Path.Combine(Shared.TemporaryFolder(), "combined");
        new AdapterCombine(kind, [0.8, 0.2], Rank: 4, Density: 0.5).Run([Path.Combine(source, "a"), Path.Combine(source, "b")], output);
        using var golden = SafetensorsFile.Open(Path.Combine(source, "golden.safetensors"));
        using var model = Decoder.Load($"{trunk}+{output}");
        using var logits = model.Logits(new TokenBatch(GoldenTensors.Ints(golden, "input_ids"), 1));
        GoldenTensors.Close(GoldenTensors.Floats(golden, name + ".logits"), logits.ToArray<float>(), 2e-4, "logits");
        using AdapterMerge merge = AdapterMerge.Open(new ModelName(trunk, output)), none = AdapterMerge.Open(new ModelName(trunk, output), 0);
        foreach (string key in golden.Entries.Keys.Where(key => key.StartsWith(name + ".delta.", StringComparison.Ordinal)))
        {
            string tensor = key[(name + ".delta.").Length..];
            using var merged = merge.Merged(tensor);
            using var plain = none.Merged(tensor);
            merged.Add(plain, -1);
            GoldenTensors.Close(GoldenTensors.Floats(golden, key), merged.ToArray<float>(), 1e-5, key);
        }
    }

    [Fact]
    public void A_negative_weight_subtracts_in_cat()
    {
        string a = Shared.Path("golden", "lora", "combine", "a"), trunk = Shared.Path("golden", "lora", "base-llama");
        string output = Path.Combine(Shared.TemporaryFolder(), "combined");
        new AdapterCombine(CombineKind.Cat, [1, -1]).Run([a, a], output);
        using Decoder model = Decoder.Load($"{trunk}+{output}"), plain = Decoder.Load(trunk);
        int[] ids = [.. Enumerable.Range(0, 12)];
        using var first = plain.Logits(new TokenBatch(ids, 1));
        using var second = model.Logits(new TokenBatch(ids, 1));
        GoldenTensors.Close(first.ToArray<float>(), second.ToArray<float>(), 2e-5, "logits");
    }

    [Theory]
    [InlineData("plain", 4)]
    [InlineData("embeddings", 4)]
    [InlineData("regex-bias", 2)]
    [InlineData("all-linear", 3)]
    public void What_was_merged_is_extracted_again(string name, int rank)
    {
        var golden = new Case(name);
        string folder = Shared.TemporaryFolder(), merged = Path.Combine(folder, "merged"), adapter = Path.Combine(folder, "adapter");
        var token = TestContext.Current.CancellationToken;
        AdapterMergeWriter.Run(new ModelName(golden.Base, golden.Folder), merged, cancellationToken: token);
        var modules = AdapterExtract.Run(golden.Base, merged, rank, adapter, cancellationToken: token);
        Assert.Equal(golden.Facts["adapted"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal), modules.Select(module => module.Name).Order(StringComparer.Ordinal));
        Assert.All(modules, module => Assert.InRange(module.Kept, 1 - 1e-5, 1));
        using var model = Decoder.Load($"{golden.Base}+{adapter}");
        using var logits = model.Logits(golden.Batch);
        GoldenTensors.Close(golden.Floats("logits"), logits.ToArray<float>(), 4e-4, "logits");
        Assert.InRange(AdapterExtract.Run(golden.Base, merged, 1, adapter, replace: true, cancellationToken: token).Min(module => module.Kept), 0.1, 0.99);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void B8_a_tensor_that_one_model_lacks_is_named_and_nothing_is_written(bool inTuned)
    {
        string folder = Shared.TemporaryFolder(), trunk = Shared.Path("golden", "lora", "base-llama"), more = Path.Combine(folder, "more"), adapter = Path.Combine(folder, "adapter");
        using (var source = Checkpoint.Open(trunk))
        using (var writer = new CheckpointWriter(more, [.. source.Entries.Values, TensorEntry.Create("model.layers.0.self_attn.q_proj.bias", DType.F32, 1)]))
        {
            foreach (string name in source.Entries.Keys)
            {
                writer.Write(name, source.Bytes(name));
            }

            writer.Write("model.layers.0.self_attn.q_proj.bias", [0, 0, 128, 63]);
            writer.CopySidecars(trunk);
            writer.Complete();
        }

        var fault = Assert.Throws<CheckpointException>(() => AdapterExtract.Run(inTuned ? trunk : more, inTuned ? more : trunk, 2, adapter, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("'model.layers.0.self_attn.q_proj.bias'", fault.Message);
        Assert.Contains("one architecture", fault.Message);
        Assert.Equal([more], Directory.GetFileSystemEntries(folder));
    }
}
