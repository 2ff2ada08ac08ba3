using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Bench;

/// <summary>
/// Tokens per second and model FLOPs utilization of whole training steps, on the first CUDA device: by default the shape of Llama 3.2 1B (1.24 B parameters) in bfloat16, dense
/// sequences, AdamW with clipping. Where there is no such device a tiny shape runs on the CPU, to show that the measurement works.
/// </summary>
/// <remarks>
/// FLOPs of a token, after PaLM (arXiv 2204.02311, appendix B): 6 for each parameter but an untied embedding table's, plus 12 x layers x heads x head size x tokens of a sequence for
/// attention, causality not taken off. Recomputed work does not count. The peak is --peak-tflops or what a large bfloat16 product reaches in the same process.
/// </remarks>
internal static class MfuBench
{
    private const int Warm = 3;

    public static int Run(Dictionary<string, string> options)
    {
        var device = TorchLibrary.DefaultDevice;
        bool tiny = device.IsCpu;
        if (tiny)
        {
            Console.Error.WriteLine("bench/run mfu: no CUDA device; a tiny shape on the CPU shows that the measurement works and says nothing of a GPU");
        }

        int Get(string name, int large, int small) => options.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : tiny ? small : large;
        int hidden = Get("hidden", 2048, 64), heads = Get("heads", 32, 4), tokens = Get("tokens", 2048, 32), batch = Get("batch", 8, 2), micro = Get("micro-batches", 1, 2), steps = Get("steps", 10, 3);
        var config = new DecoderConfig
        {
            VocabSize = Get("vocab", 128256, 512),
            HiddenSize = hidden,
            IntermediateSize = Get("intermediate", 8192, 128),
            NumLayers = Get("layers", 16, 2),
            NumHeads = heads,
            NumKvHeads = Get("kv-heads", 8, 2),
            HeadDim = hidden / heads,
            RmsNormEps = 1e-5,
            MaxSeqLen = tokens,
            Rotary = new RotaryScaling(500000),
            TieWordEmbeddings = Get("tied", 1, 1) != 0,
        };
        var dtype = options.GetValueOrDefault("mode", "bf16") == "f32" ? DType.F32 : DType.BF16;
        int size = tiny ? 256 : 8192;
        double peak = options.TryGetValue("peak-tflops", out string? given) ? double.Parse(given, CultureInfo.InvariantCulture) * 1e12 : GemmPeak.Measure(dtype, device, 4, 20, size, size, size);

        using var model = Decoder.Create(config, 0, dtype, device, training: true);
        using var ema = options.TryGetValue("ema", out string? decay) ? new WeightEma(model.Weights, new EmaSection(Decay: double.Parse(decay, CultureInfo.InvariantCulture))) : null;
        var random = new Random(0);
        var speeds = new List<double>();
        var last = new JsonObject();
        new Trainer(model, new TrainingSection(1e-4, MaxSteps: Warm + steps, WeightDecay: 0.1), []).Train(
            Enumerable.Range(0, Warm + steps).Select(_ => Step()), Warm + steps, ema, metrics =>
            {
                last = metrics;
                speeds.Add((double)metrics["tokens_per_second"]!);
            });

        double speed = speeds.Skip(Warm).Order().ElementAt(steps / 2);
        long parameters = config.ParameterCount, computed = parameters - (config.TieWordEmbeddings ? 0 : (long)config.VocabSize * hidden);
        double flops = 6.0 * computed + 12.0 * config.NumLayers * hidden * tokens;
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["device"] = device.ToString(),
            ["step"] = device.IsCpu ? "kernels of the CPU" : TorchLibrary.CudaStep,
            ["parameters"] = parameters,
            ["mode"] = dtype is DType.BF16 ? "bf16" : "f32",
            ["tokens"] = tokens,
            ["batch"] = batch,
            ["micro_batches"] = micro,
            ["tokens_per_second"] = Math.Round(speed),
            ["slowest_and_fastest_step"] = new[] { Math.Round(speeds.Skip(Warm).Min()), Math.Round(speeds.Skip(Warm).Max()) },
            ["model_gflop_per_token"] = Math.Round(flops / 1e9, 3),
            ["peak_tflops"] = Math.Round(peak / 1e12, 4),
            ["peak"] = given is null ? $"measured, {size}^3" : "given",
            ["mfu"] = Math.Round(speed * flops / peak, 4),
            ["last_loss"] = Math.Round((double)last["loss"]!, 4),
            ["torch"] = TorchLibrary.Version,
        }));
        return 0;

        IReadOnlyList<TokenBatch> Step() => [.. Enumerable.Range(0, micro).Select(_ => Batch())];

        TokenBatch Batch()
        {
            int[] ids = [.. Enumerable.Range(0, batch * tokens).Select(_ => random.Next(config.VocabSize))];
            return new TokenBatch(ids, batch, ids);
        }
    }
}
