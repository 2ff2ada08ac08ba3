using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Adapters;

/// <summary>A model is merged or taken apart tensor by tensor; the counter is the process's, so these run alone.</summary>
[Collection(Alone.Name)]
public sealed class AdapterMemoryTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void B9_a_deep_model_is_merged_and_extracted_in_the_memory_of_a_shallow_one()
    {
        var shallow = Peaks(2);
        var deep = Peaks(12);
        Assert.InRange(deep.Merge, 1, 3 * 4 * deep.Largest);
        Assert.Equal(shallow.Largest, deep.Largest);
        Assert.Equal(shallow.Merge, deep.Merge, 1024.0);  // a matrix takes 64 KiB and more
        Assert.Equal(shallow.Extract, deep.Extract, 1024.0);
    }

    [Fact]
    public void B9_a_model_larger_than_the_memory_is_merged_and_not_measured()
    {
        string name = Model(12, "large"), merged = Path.Combine(_folder, "merged");
        var outcome = CommandLine.RunProcess(("BALLAST_MEMORY", "2MiB"), "lora", "merge", name, "--out", merged);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("not measured", outcome.Error);
        using Decoder expected = Decoder.Load(name), found = Decoder.Load(merged);
        var batch = new TokenBatch([1, 2, 3, 4, 5, 6], 1);
        using Tensor applied = expected.Logits(batch), written = found.Logits(batch);
        GoldenTensors.Close(applied.ToArray<float>(), written.ToArray<float>(), 2e-4, "logits");
    }

    private (long Merge, long Extract, long Largest) Peaks(int layers)
    {
        string name = Model(layers, $"{layers}"), merged = Path.Combine(_folder, $"merged-{layers}");
        var token = TestContext.Current.CancellationToken;
        long merge = Peak(() => AdapterMergeWriter.Run(ModelName.Parse(name), merged, new AdapterMergeOptions(Measure: false), cancellationToken: token));
        long extract = Peak(() => AdapterExtract.Run(ModelName.Parse(name).Folder, merged, 2, merged + "-back", cancellationToken: token));
        using var written = Checkpoint.Open(merged);
        return (merge, extract, written.Entries.Values.Max(entry => entry.ElementCount));
    }

    private static long Peak(Action action)
    {
        long before = TorchLibrary.BytesInUse;
        TorchLibrary.ResetPeak();
        action();
        return TorchLibrary.PeakBytes - before;
    }

    // A model of matrices of 128 x 384 and an adapter on all of them.
    private string Model(int layers, string name)
    {
        string folder = TinyModel.Create(Path.Combine(_folder, name), width: 128, layers: layers), adapter = folder + "-adapter";
        using var model = Decoder.Load(folder);
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(null, "all-linear"), Rank = 2, Alpha = 4 }, seed: 1);
        foreach (var (key, view) in model.Trainable.Views())
        {
            using (view)
            {
                view.FillNormal(0.05, Hash.Of(key));
            }
        }

        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, folder, adapter, "");
        return $"{folder}+{adapter}";
    }
}
