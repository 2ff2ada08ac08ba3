using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Adapters;

/// <summary>DoRA on the embedding, as PEFT's DoraEmbeddingLayer: row i of the table is m / n (W[i] + s B A[:, i]), n the norms of the columns of W + s (B A)^T.</summary>
public class EmbeddingMagnitudeTests
{
    private const string Key = "base_model.model.model.embed_tokens.";
    private static readonly AdapterConfig s_config = new() { TargetModules = new ModuleNames(["embed_tokens", "q_proj"], null), Rank = 3, Alpha = 6, UseDora = true };
    private readonly string _folder = Shared.TemporaryFolder();

    private string Base => Path.Combine(_folder, "base");

    private string Saved => Path.Combine(_folder, "adapter");

    [Theory]
    [InlineData("F32")]
    [InlineData("BF16")]
    public void A_new_adapter_leaves_the_logits_bit_for_bit(string type)
    {
        using var model = Decoder.Load(TinyModel.Create(Base), type == "F32" ? DType.F32 : DType.BF16);
        var batch = Batch();
        using var before = model.Logits(batch);
        Adapter.Create(model, s_config, seed: 3);
        using var after = model.Logits(batch);
        Assert.Equal(before.ToArray<float>(), after.ToArray<float>());
    }

    [Fact]
    public void Keys_and_shapes_are_those_of_peft_and_the_written_adapter_gives_the_same_logits()
    {
        using var model = Adapted(DType.F32);
        Assert.Equal(model.Trainable.Master.Count, AdapterPlan.Of(s_config, model).Parameters(model.Weights.Names, dora: true));
        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, null, Saved, "");
        using (var file = SafetensorsFile.Open(Path.Combine(Saved, AdapterFolder.WeightsFile)))
        {
            Assert.Equal("[3, 261]", TensorEntry.ShapeText(file.Entries[Key + "lora_embedding_A"].Shape));
            Assert.Equal("[16, 3]", TensorEntry.ShapeText(file.Entries[Key + "lora_embedding_B"].Shape));
            Assert.Equal("[16]", TensorEntry.ShapeText(file.Entries[Key + "lora_magnitude_vector"].Shape));
        }

        using var again = Decoder.Load($"{Base}+{Saved}");
        using Tensor expected = model.Logits(Batch()), actual = again.Logits(Batch());
        Assert.Equal(expected.ToArray<float>(), actual.ToArray<float>());
    }

    [Fact]
    public void Applied_merged_and_streamed_are_the_formula_with_column_norms()
    {
        using (var model = Adapted(DType.F32))
        {
            AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, null, Saved, "");
        }

        double[] table = Formula();
        using var merge = AdapterMerge.Open(new ModelName(Base, Saved));
        using var merged = merge.Merged("model.embed_tokens.weight");
        GoldenTensors.Close([.. table.Select(value => (float)value)], merged.ToArray<float>(), 1e-6, "merged");

        string streamed = Path.Combine(_folder, "streamed"), whole = Path.Combine(_folder, "whole");
        using (var passed = ModelMerge.Parse($"merge_method: linear\nmodels:\n- model: {Base}+{Saved}\n  parameters: {"{weight: 1}"}\ndtype: float32\n", "merge.yaml"))
        {
            passed.Run(streamed, new MergeOptions(), cancellationToken: TestContext.Current.CancellationToken);
        }

        AdapterMergeWriter.Run(new ModelName(Base, Saved), whole, cancellationToken: TestContext.Current.CancellationToken);
        using Decoder applied = Decoder.Load($"{Base}+{Saved}"), first = Decoder.Load(streamed), second = Decoder.Load(whole);
        using Tensor expected = applied.Logits(Batch()), one = first.Logits(Batch()), two = second.Logits(Batch());
        GoldenTensors.Close(expected.ToArray<float>(), one.ToArray<float>(), 1e-5, "streamed");
        GoldenTensors.Close(expected.ToArray<float>(), two.ToArray<float>(), 1e-5, "merged");
        using var view = first.EmbeddingTable.Value.To(Device.Cpu);
        GoldenTensors.Close([.. table.Select(value => (float)value)], view.ToArray<float>(), 1e-6, "streamed table");
    }

    // The norms follow the weights only when these are published, so that differences see them as the constants that they are in the backward pass.
    [Fact]
    public void Gradients_of_A_B_and_the_magnitudes_are_the_differences_of_the_loss_with_constant_norms()
    {
        using var model = Adapted(DType.F64);
        var weights = model.Trainable;
        var batch = Batch();
        model.Backward(batch, 1);
        weights.CompleteGradients();
        var values = weights.Master.Span<double>();
        double[] gradient = weights.Grad!.ToArray<double>();
        int offset = 0, compared = 0;
        foreach (var (key, shape) in weights.Names)
        {
            int count = (int)shape.Aggregate(1L, (a, b) => a * b);
            bool magnitude = key.EndsWith("lora_magnitude_vector", StringComparison.Ordinal);
            for (int i = offset; i < offset + count; i += key.EndsWith("lora_embedding_A", StringComparison.Ordinal) ? 7 : 3)
            {
                double at = values[i], step = 1e-5;
                values[i] = at + step;
                double above = Loss(magnitude);
                values[i] = at - step;
                double below = Loss(magnitude);
                values[i] = at;
                Loss(magnitude);
                Assert.True(Math.Abs((above - below) / (2 * step) - gradient[i]) <= 1e-6 * Math.Max(1, Math.Abs(gradient[i])), $"{key}[{i - offset}]: {(above - below) / (2 * step)} and {gradient[i]}");
                compared += gradient[i] != 0 ? 1 : 0;
            }

            offset += count;
        }

        Assert.True(compared > 40);

        double Loss(bool publish)
        {
            if (publish)
            {
                weights.Publish();
            }

            return model.Score(batch).TotalLoss;
        }
    }

    [Fact]
    public void A_magnitude_of_another_length_is_refused()
    {
        using (var model = Adapted(DType.F32))
        {
            var entries = model.Trainable.Names.Select(pair => TensorEntry.Create(pair.Name, DType.F32, pair.Name == Key + "lora_magnitude_vector" ? [261] : pair.Shape)).ToList();
            AdapterWriter.Save(entries, entries.Select(entry => (entry.Name, Tensor.Zeros(DType.F32, Device.Cpu, entry.Shape))), model.Adapter!.Config, null, Saved, "");
        }

        Assert.Contains("expected [16], a magnitude for each output of the module, found F32 [261]", Assert.Throws<CheckpointException>(() => AdapterFolder.Open(Saved)).Message);
    }

    private Decoder Adapted(DType dtype)
    {
        var model = Decoder.Load(TinyModel.Create(Base), dtype);
        var adapter = Adapter.Create(model, s_config, seed: 3);
        foreach (var (key, view) in adapter.Weights.Views())
        {
            using (view)
            {
                using var noise = Tensor.Empty(view.DType, Device.Cpu, view.Shape);
                noise.FillNormal(0.1, (ulong)key.Length);
                view.Add(noise);
            }
        }

        adapter.Weights.Publish();
        return model;
    }

    // In float64, element by element.
    private double[] Formula()
    {
        using var file = SafetensorsFile.Open(Path.Combine(Saved, AdapterFolder.WeightsFile));
        using var trunk = SafetensorsFile.Open(Path.Combine(Base, "model.safetensors"));
        float[] a = GoldenTensors.Floats(file, Key + "lora_embedding_A"), b = GoldenTensors.Floats(file, Key + "lora_embedding_B"), m = GoldenTensors.Floats(file, Key + "lora_magnitude_vector");
        double[] table = [.. GoldenTensors.Floats(trunk, "model.embed_tokens.weight").Select(value => (double)value)];
        int width = m.Length, rows = table.Length / width, rank = b.Length / width;
        for (int i = 0; i < table.Length; i++)
        {
            for (int k = 0; k < rank; k++)
            {
                table[i] += 2.0 * b[i % width * rank + k] * a[k * rows + i / width];   // alpha / r = 2
            }
        }

        for (int d = 0; d < width; d++)
        {
            double norm = Math.Sqrt(Enumerable.Range(0, rows).Sum(i => table[i * width + d] * table[i * width + d]));
            for (int i = 0; i < rows; i++)
            {
                table[i * width + d] *= m[d] / norm;
            }
        }

        return table;
    }

    private static TokenBatch Batch()
    {
        int[] ids = [.. Enumerable.Range(0, 24).Select(i => i * i % 23)];
        return new TokenBatch(ids, 2, ids);
    }
}
