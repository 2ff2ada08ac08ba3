using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Planning;
using Ballast.Tensors;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Planning;

/// <summary>What is estimated against what the allocator counts over a whole run; the counter is the process's, so these run alone.</summary>
[Collection(Alone.Name)]
public sealed class RunEstimateTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("plain", "")]
    [InlineData("bfloat16", "")]
    [InlineData("plain", "data.packing=true")]
    [InlineData("plain", "training.activation_checkpointing=true")]
    [InlineData("plain", "lora.rank=8")]
    [InlineData("bfloat16", "lora.rank=8")]
    [InlineData("plain", "lora.dropout=0.1")]
    [InlineData("plain", "ema.mode=shadow")]
    [InlineData("bfloat16", "ema.mode=every_k")]
    [InlineData("plain", "ema.controls=true")]
    [InlineData("plain", "data.validation_share=0.5")]
    [InlineData("plain", "", "qwen3")]
    [InlineData("plain", "", "gemma2")]
    [InlineData("plain", "training.activation_checkpointing=true", "gemma2")]
    public void The_estimate_is_within_15_percent_of_what_a_run_takes(string precision, string set, string family = "llama")
    {
        string model = SmallModel(family), recipe = Path.Combine(_folder, "recipe.yaml");
        File.WriteAllLines(Path.Combine(_folder, "rows.jsonl"), Rows());
        File.WriteAllText(recipe, $"""
            model: {model}
            output: {_folder}/run
            data:
              train:
                - path: rows.jsonl
            training:
              max_steps: 1
              batch_size: 8
              micro_batch_size: 8
              precision: {(precision == "plain" ? "float32" : precision)}
            """);
        var loaded = Recipe.Load(recipe, set.Length == 0 ? [] : [set]);
        long estimated = RunEstimate.Of(loaded, cancellationToken: TestContext.Current.CancellationToken).Memory.Total;

        TorchLibrary.ReleaseMemory();
        long before = TorchLibrary.BytesInUse;
        TorchLibrary.ResetPeak();
        new TuneRun(loaded).Run(TestContext.Current.CancellationToken);

        double ratio = (double)estimated / (TorchLibrary.PeakBytes - before);
        TestContext.Current.SendDiagnosticMessage($"{precision} {set}: {ratio}");
        Assert.InRange(ratio, 0.85, 1.15);
    }

    // Llama 3.1 8B in bfloat16: weights, gradients and moments come to 18 bytes a parameter, average and aligned weights to 8 more.
    [Theory]
    [InlineData(false, 8030261248)]
    [InlineData(true, 20971520)]
    public void C13_the_average_is_counted_for_every_trained_parameter(bool lora, long trained)
    {
        var config = new DecoderConfig
        {
            VocabSize = 128256,
            HiddenSize = 4096,
            IntermediateSize = 14336,
            NumLayers = 32,
            NumHeads = 32,
            NumKvHeads = 8,
            HeadDim = 128,
            RmsNormEps = 1e-5,
            MaxSeqLen = 8192,
            Rotary = new RotaryScaling(500000),
            TieWordEmbeddings = false,
        };
        MemoryEstimate Estimate(string more)
        {
            var recipe = Recipe.Parse($"model: m\noutput: r\ndata:\n  train:\n    - path: rows.jsonl\n{(lora ? "lora:\n  rank: 8\n" : "")}{more}", "recipe.yaml");
            return new MemoryPlan(config, recipe, DType.BF16, lora ? trained : null).Peak(new BatchSize(8192, 1, 8192));
        }

        MemoryEstimate plain = Estimate(""), averaged = Estimate("ema:\n  decay: 0.99\n");
        Assert.Equal(4 * trained, averaged.Items.Single(item => item.Name == "weight average").Bytes);
        Assert.Equal(8 * trained, averaged.Total - plain.Total);
        Assert.Equal(lora, averaged.Total < 139L << 30);
    }

    // Seven million parameters, so that no tensor of fixed size counts for much.
    private string SmallModel(string family)
    {
        string folder = TinyModel.Create(Path.Combine(_folder, "model"));
        var json = JsonFile.ReadObject(Path.Combine(folder, "config.json"));
        foreach (var (key, value) in new[] { ("vocab_size", 4096), ("hidden_size", 256), ("intermediate_size", 704), ("num_hidden_layers", 4), ("num_attention_heads", 4), ("num_key_value_heads", 2) })
        {
            json[key] = value;
        }

        json["model_type"] = family;
        json["head_dim"] = 64;
        json["tie_word_embeddings"] = false;
        using var model = Decoder.Create(DecoderConfig.Parse(json, "config.json"), 1);
        File.WriteAllText(Path.Combine(folder, "config.json"), json.ToJsonString());
        File.Delete(Path.Combine(folder, "model.safetensors"));
        using var writer = new CheckpointWriter(Path.Combine(_folder, "weights"), model.Weights.Names.Select(n => TensorEntry.Create(n.Name, DType.F32, n.Shape)));
        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                writer.Write(name, MemoryMarshal.AsBytes(view.ToArray<float>().AsSpan()));
            }
        }

        writer.CopySidecars(folder);
        writer.Complete();
        return Path.Combine(_folder, "weights");
    }

    // 64 rows of 60 to 240 tokens, the tokenizer's are bytes.
    private static IEnumerable<string> Rows() => Enumerable.Range(0, 64).Select(i =>
        new JsonObject { ["prompt"] = new string('a', 20), ["completion"] = new string('b', 30 + (i * 37 % 180)) }.ToJsonString());
}
