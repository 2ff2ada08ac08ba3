using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Bench;

/// <summary>One training step of a random model: the same shapes, settings and JSON fields as the PyTorch reference.</summary>
internal static class TrainBench
{
    public static int Run(Dictionary<string, string> options)
    {
        int Get(string name, int fallback) => options.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
        int vocab = Get("vocab", 4096), hidden = Get("hidden", 256), layers = Get("layers", 6), tokens = Get("tokens", 128), batch = Get("batch", 16), steps = Get("steps", 10);
        string mode = options.GetValueOrDefault("mode", "f32");
        double? ema = options.TryGetValue("ema", out string? decay) ? double.Parse(decay, CultureInfo.InvariantCulture) : null;
        TorchLibrary.Threads = Get("threads", 2);
        var config = new DecoderConfig
        {
            VocabSize = vocab,
            HiddenSize = hidden,
            IntermediateSize = Get("intermediate", 704),
            NumLayers = layers,
            NumHeads = Get("heads", 8),
            NumKvHeads = Get("kv-heads", 4),
            HeadDim = hidden / Get("heads", 8),
            RmsNormEps = 1e-5,
            MaxSeqLen = tokens,
            Rotary = new RotaryScaling(10000),
            TieWordEmbeddings = false,
        };
        using var model = Decoder.Create(config, 0, mode == "bf16" ? DType.BF16 : DType.F32, training: true);
        using var optimizer = new AdamW(model.Weights, new AdamWOptions(WeightDecay: 0.1));
        using var average = ema is { } share ? new WeightEma(model.Weights, new EmaSection(Decay: share)) : null;
        var random = new Random(0);

        double Step()
        {
            // As the reference: batch x (tokens + 1) random ids, each predicted from the one before. The last id of a row is computed too, which the reference leaves out.
            int[] ids = [.. Enumerable.Range(0, batch * (tokens + 1)).Select(_ => random.Next(vocab))];
            model.Weights.ForgetGradients();
            var result = model.Backward(new TokenBatch(ids, batch, ids), 1.0 / (batch * tokens));
            model.Weights.CompleteGradients();
            double norm = Math.Sqrt(model.Weights.Grad!.SquareSum());
            optimizer.Step(1e-3, Math.Min(1, 1 / (norm + 1e-6)), average);
            return result.TotalLoss;
        }

        for (int i = 0; i < 2; i++)
        {
            Step();
        }

        var times = new List<double>();
        for (int i = 0; i < steps; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        times.Sort();
        double seconds = times[times.Count / 2];
        long parameters = config.ParameterCount, count = (long)batch * tokens;
        double flops = 6.0 * (parameters - (long)vocab * hidden) * count + 12.0 * layers * hidden * tokens * count;
        double peak = GemmPeak.Measure(DType.F32);
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["parameters"] = parameters,
            ["mode"] = mode,
            ["style"] = "ballast",
            ["compiled"] = false,
            ["ema"] = ema,
            ["seconds_per_step"] = Math.Round(seconds, 4),
            ["tokens_per_second"] = Math.Round(count / seconds),
            ["gemm_peak_gflops"] = Math.Round(peak / 1e9),
            ["share_of_peak"] = Math.Round(flops / seconds / peak, 3),
            ["peak_rss_mib"] = PeakMemory(),
            ["torch"] = TorchLibrary.Version,
        }));
        return 0;
    }

    /// <summary>Largest resident memory of this process so far, in MiB.</summary>
    internal static long PeakMemory() => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
}
